import ArgumentParser
import GygesClient
import GygesFiles
import GygesServing
import GygesWire

/// `gyges batch`
struct Batch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answers a file of requests in the form of OpenAI's batches.",
        discussion: """
            Every line is {"custom_id": …, "method": "POST", "url": "/v1/chat/completions", "body": {…}}; /v1/completions and \
            /v1/embeddings are answered, too. The answers stand in the lines' order, each with its custom_id, and the model answers \
            whatever model a line names. With --resume a run that was killed goes on, and no line is asked twice.

            The model may be one behind an API in OpenAI's form, named as http://host:port/v1#NAME, which need know nothing of batches: \
            lines are asked one by one, no faster than it allows, and again where that may help.

            Examples:
              gyges batch qwen2.5-coder-1.5b-instruct requests.jsonl -o responses.jsonl
              gyges batch qwen2.5-coder-1.5b-instruct requests.jsonl -o responses.jsonl --resume
              gyges batch 'https://api.example.org/v1#large' requests.jsonl -o responses.jsonl --key-variable EXAMPLE_KEY
            """)

    @Argument(help: "A GGUF file, a Hugging Face folder, the name of a pulled model, or http://host:port/v1#NAME.")
    var model: String

    @Argument(help: ArgumentHelp("The requests; standard input if missing.", valueName: "requests"))
    var requests: String = "-"

    @OptionGroup
    var rows: RowOutputOptions

    @OptionGroup(title: "Endpoint")
    var endpoint: EndpointOptions

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    func run() async throws {
        if requests == "-" { Input.explainTerminal(wanted: "a request a line") }
        let reader = try RowReader(paths: [requests], isJSON: true)
        let total = rows.quiet ? nil : try RowReader.count(paths: [requests], isJSON: true)
        if EndpointAddress.isAddress(model) { return try await ask(reader, total: total) }
        // Answers say no time: a run that was gone on with would say two.
        let served = try engine.servedModel(try locateModel(model), name: model, created: 0, isShown: !rows.quiet)
        let answerer = BatchAnswerer(try ModelShelf([served]), asksFirstModel: true)
        let output = try rows.open(reading: [requests]) { try served.identity() }
        try await rows.answer(reader, by: output, unit: "requests", total: total, sequences: engine.sequences) {
            row, number in
            let answer = try await answerer.answer(row, number: number)
            return (answer.bytes, answer.problem)
        }
    }

    /// Has an endpoint answer.
    private func ask(_ reader: RowReader, total: Int?) async throws {
        let isQuiet = rows.quiet
        let answerer = EndpointAnswerer(
            try endpoint.caller(of: model) { wait in if !isQuiet { Terminal.writeError("gyges: \(wait).\n") } })
        let output = try rows.open(reading: [requests]) { answerer.identity }
        try await rows.answer(reader, by: output, unit: "requests", total: total, sequences: endpoint.concurrency) {
            row, number in
            let answer = try await answerer.answer(row, number: number)
            return (answer.bytes, answer.problem)
        }
    }
}
