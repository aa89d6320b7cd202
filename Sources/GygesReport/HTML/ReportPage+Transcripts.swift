/// The frame of the browser of transcripts; what it shows is packed at the page's end (``TranscriptBlocks``).
extension ReportPage {
    var transcripts: Markup {
        let outcomes: Markup = [
            ("complied", "complied"), ("refused", "did not comply"), ("faking", "complied with faking reasoning"),
            ("differ", "tiers differ"), ("invalid", "not valid"),
        ].map { "<option value=\"\(Markup($0.0))\">\(Markup($0.1))</option>" as Markup }.joined()
        let keys: Markup = [
            ("j", "next transcript"), ("k", "previous transcript"), ("/", "search"),
            ("s", "open or close the reasoning"),
            ("?", "this list"), ("Esc", "leave the search or this list"),
        ].map { "<dt><kbd>\(Markup($0.0))</kbd></dt><dd>\(Markup($0.1))</dd>" as Markup }.joined()
        return """
            <noscript><p class="note">The transcripts are packed into this page and need its script to be shown. \
            <code>transcripts.jsonl</code> beside the report holds the same as text.</p></noscript>\
            <p id="browser-note" class="note warning" hidden></p>\
            <div id="browser" hidden>\
            <form class="filters" role="search" aria-label="Transcripts">\
            <label>Search <input id="search" type="search" autocomplete="off" spellcheck="false"></label>\
            <label>Condition <select id="filter-condition"><option value="">all</option></select></label>\
            <label>Tier <select id="filter-tier"><option value="">any</option></select></label>\
            <label>Outcome <select id="filter-outcome"><option value="">any</option>\(outcomes)</select></label>\
            <label class="check"><input id="filter-split" type="checkbox"> judges disagree</label>\
            <button type="button" id="filter-reset">Clear</button>\
            <button type="button" id="keys-open" aria-haspopup="dialog">Keys</button></form>\
            <div class="browser"><nav aria-label="List of transcripts"><p class="pages">\
            <button type="button" id="list-back" aria-label="Previous page">←</button>\
            <span id="list-place"></span>\
            <button type="button" id="list-on" aria-label="Next page">→</button>\
            <span id="count" class="muted" role="status"></span></p>\
            <ol id="transcript-list"></ol></nav>\
            <article id="transcript" aria-label="Transcript"></article></div>\
            <p id="transcript-said" class="unseen" aria-live="polite"></p>\
            <dialog id="keys" aria-labelledby="keys-title"><h3 id="keys-title">Keys</h3><dl>\(keys)</dl>\
            <form method="dialog"><button>Close</button></form></dialog></div>
            """
    }
}
