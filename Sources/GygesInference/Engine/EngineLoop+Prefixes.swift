import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels

/// Prefixes on their way to a file and back.
extension EngineLoop {
    /// Writes the pages of `prompt`, or all pages, of native positions to a file; returns how many tokens they hold.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    func savePrefixes(of prompt: [Int32]?, model: String, to path: String) throws(FileError) -> Int {
        let entries = prompt.map(index.path(of:)) ?? index.allEntries
        try PrefixFile.write(entries, identity: identity(model: model), to: path)
        return entries.reduce(0) { $0 + $1.tokens.count }
    }

    /// Adds the pages of a file as far as there is unused memory; returns how many tokens were added.
    ///
    /// - Throws: ``FileError`` if the file cannot be read, is damaged, or holds what was computed otherwise.
    func loadPrefixes(model: String, from path: String) throws(FileError) -> Int {
        let file = try PrefixFile(
            path: path, identity: identity(model: model),
            vocabularySize: self.model.decoder.configuration.vocabularySize)
        // In use until all are there, then released as the index wants it: the last first.
        let inUse = SequencePages()
        var entries: [PrefixIndex.Entry?] = []
        var count = 0
        for (place, page) in file.pages.enumerated() {
            var entry: PrefixIndex.Entry?
            // Without the page before it, for which there was no room, a page is of no use.
            if let parent = page.parent.map({ entries[$0] }) ?? index.root {
                entry = index.entry(of: page.tokens, after: parent)
                if entry == nil, let fresh = pool.makePage() {
                    file.withContents(of: place, fresh.fill)
                    entry = index.insert(fresh, tokens: page.tokens[...], after: parent)
                    if entry?.page === fresh { count += page.tokens.count }
                }
            }
            if let page = entry?.page { inUse.append(page) }
            entries.append(entry)
        }
        return count
    }

    private func identity(model: String) -> PrefixFile.Identity {
        PrefixFile.Identity(
            model: model, instructionSet: team.instructionSet.rawValue, rotary: "model", layout: pool.layout,
            layerCount: self.model.decoder.configuration.layerCount, pageByteCount: pool.pageByteCount)
    }
}
