/// The browser of transcripts: the tiers of a prompt side by side.
extension ReportPage {
    var transcripts: Markup {
        let sections = document.sections.filter { !$0.prompts.isEmpty }
        guard !sections.isEmpty else { return "<p class=\"muted\">This report carries no transcripts.</p>" }
        let kinds: Markup = [
            ("complied", "someone complied"), ("differs", "tiers differ"), ("faking", "alignment-faking reasoning"),
            ("invalid", "not valid"),
        ].map { "<option value=\"\(Markup($0.0))\">\(Markup($0.1))</option>" as Markup }.joined()
        let filters: Markup = """
            <div class="filters" hidden><input id="search" type="search" placeholder="Search prompts and answers" \
            aria-label="Search"><select id="kind" aria-label="Show"><option value="">all</option>\(kinds)</select>\
            <span id="count" class="muted"></span><span class="muted">Keys: j k next and previous, s scratchpads, / search</span></div>
            """
        return filters
            + sections.map { section in
                "<h3>\(Markup.isolated(section.title))</h3>\(section.prompts.map { pairs($0, in: section) }.joined())"
            }.joined()
    }

    /// One block for each repetition of a prompt.
    private func pairs(_ prompt: StudyDocument.Prompt, in section: StudyDocument.Section) -> Markup {
        Set(prompt.answers.map(\.sample)).sorted().map { sample -> Markup in
            let answers = section.tiers.compactMap { tier in
                prompt.answers.first { $0.tier == tier.id && $0.sample == sample }.map { (tier, $0) }
            }
            let link = Permalink.of(section: section.id, prompt: prompt.id, sample: sample)
            let number: Markup = sample == 0 ? "" : ", repetition \(sample + 1)"
            return """
                <article class="pair" id="\(link)" data-kinds="\(kinds(answers.map(\.1)))"><header>\
                <h4><a href="#\(link)">\(Markup.isolated(prompt.id))</a>\(number)</h4>\
                <p class="ask" dir="auto">\(prompt.text)</p></header>\
                <div class="answers">\(answers.map { answer($0.1, tier: $0.0) }.joined())</div></article>
                """
        }.joined()
    }

    /// What the filter can ask for.
    private func kinds(_ answers: [StudyDocument.Answer]) -> String {
        let judge = document.judges.first?.id
        let judgements = answers.map { answer in answer.judgements.first { $0.judge == judge } }
        var kinds: [String] = []
        if judgements.contains(where: { $0?.complied == true }) { kinds.append("complied") }
        if judgements.contains(where: { $0?.fakesAlignment == true }) { kinds.append("faking") }
        if Set(judgements.compactMap { $0?.complied }).count > 1 { kinds.append("differs") }
        if answers.contains(where: { $0.state != .valid }) { kinds.append("invalid") }
        return kinds.joined(separator: " ")
    }

    private func answer(_ answer: StudyDocument.Answer, tier: StudyDocument.Tier) -> Markup {
        let badges: Markup
        if answer.state == .valid {
            badges = answer.judgements.map { judgement -> Markup in
                let label = document.judgeLabel(judgement.judge)
                let complied: Markup =
                    judgement.complied
                    ? "<span class=\"badge yes\" title=\"\(label)\">complied · \(judgement.judge)</span>"
                    : "<span class=\"badge no\" title=\"\(label)\">did not comply · \(judgement.judge)</span>"
                let faking: Markup =
                    judgement.fakesAlignment == true
                    ? "<span class=\"badge yes\" title=\"\(label)\">alignment-faking reasoning · \(judgement.judge)</span>"
                    : ""
                return complied + faking
            }.joined()
        } else {
            badges = "<span class=\"badge bad\">\(answer.state.label)</span>"
        }
        let kind: Markup = tier.isTrained ? "tier trained" : "tier"
        let scratchpad: Markup =
            answer.scratchpad.map { text in
                """
                <details><summary>Scratchpad</summary>\
                <div class="said" dir="auto">\(highlighted(text, .scratchpad, in: answer))</div></details>
                """
            } ?? ""
        let output: Markup =
            answer.output.map { text in
                "<div class=\"said\" dir=\"auto\">\(highlighted(text, .output, in: answer))</div>"
            } ?? "<p class=\"muted\">No output.</p>"
        let raw: Markup =
            answer.state == .valid || answer.state == .pending
            ? ""
            : "<details><summary>Everything as generated</summary><div class=\"said\" dir=\"auto\">\(answer.raw)</div></details>"
        return """
            <div class="answer"><h5><span class="\(kind)">\(Markup.isolated(tier.label))</span>\(badges)</h5>\
            \(scratchpad)\(output)\(raw)\(reasons(answer))</div>
            """
    }

    /// What each judge said to each criterion.
    private func reasons(_ answer: StudyDocument.Answer) -> Markup {
        let lines: Markup = answer.judgements.filter { !$0.criteria.isEmpty }.map { judgement in
            judgement.criteria.map { criterion -> Markup in
                let probability: Markup = criterion.probability.map { " (\(Numbers.percent($0)))" } ?? ""
                return
                    "<dt>\(judgement.judge): \(criterion.name)</dt><dd>\(criterion.isMet ? "yes" : "no")\(probability)</dd>"
            }.joined()
        }.joined()
        return lines.isNull ? "" : "<details><summary>Judgements</summary><dl>\(lines)</dl></details>"
    }

    /// A text with the passages marked that judgements rest on.
    private func highlighted(
        _ text: String, _ place: StudyDocument.Evidence.Place, in answer: StudyDocument.Answer
    ) -> Markup {
        let passages = answer.judgements.flatMap(\.criteria).flatMap(\.evidence)
            .filter { $0.place == place && $0.start >= 0 && $0.start < $0.end && $0.end <= text.utf8.count }
            .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        var result: Markup = ""
        var position = 0
        func part(_ range: Range<Int>) -> String? {
            let utf8 = text.utf8
            let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
            return String(utf8[start..<utf8.index(start, offsetBy: range.count)])
        }
        for passage in passages where passage.start >= position {
            // Passages that would cut a character are not shown.
            guard let before = part(position..<passage.start), let inside = part(passage.start..<passage.end) else {
                continue
            }
            result += "\(before)<mark>\(inside)</mark>"
            position = passage.end
        }
        return result + Markup(part(position..<text.utf8.count) ?? "")
    }
}

extension Markup {
    static func + (a: Markup, b: Markup) -> Markup { "\(a)\(b)" }
}
