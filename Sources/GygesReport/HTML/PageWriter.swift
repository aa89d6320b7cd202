import FoundationEssentials

/// Writes what follows a page's head piece by piece, so that any number of transcripts costs the memory of one block and an index.
struct PageWriter {
    private var blocks: TranscriptBlocks
    private let send: (String) throws -> Void

    /// - Parameter send: gets the pieces in order.
    init(_ document: StudyDocument, send: @escaping (String) throws -> Void) {
        self.send = send
        blocks = TranscriptBlocks(document)
    }

    mutating func append(_ exchange: Exchange) throws {
        if let block = blocks.append(exchange) { try send(block.html) }
    }

    mutating func finish() throws { try send(blocks.finish().html + ReportPage.end.html) }
}

extension StudyDocument {
    /// The report as one HTML file that needs no network and nothing beside it. Without scripts, all but the transcripts can be read.
    ///
    /// The same document and exchanges give the same bytes on one machine.
    public func html(_ exchanges: some Sequence<Exchange> = []) throws -> String {
        var page = ReportPage(document: self).render()
        var writer = PageWriter(self) { page += $0 }
        for exchange in exchanges { try writer.append(exchange) }
        try writer.finish()
        return page
    }
}
