import GygesFiles
import GygesTestSupport
import GygesTokenizer
import GygesTraining

/// Documents in memory.
struct MemoryStore: DocumentStore {
    var name = "memory"
    var digest = "1"
    var documents: [Document]

    init(_ documents: [Document], name: String = "memory") {
        self.documents = documents
        self.name = name
    }

    /// Documents of these lengths, whose tokens say which document and which place.
    init(lengths: [Int], name: String = "memory") {
        self.init(
            lengths.enumerated().map { number, length in
                Document(tokens: (0..<length).map { Int32(number * 1000 + $0) })
            }, name: name)
    }

    var count: Int { documents.count }
    func length(of document: Int) throws(FileError) -> Int { documents[document].tokens.count }
    func document(_ document: Int) throws(FileError) -> Document { documents[document] }
}

/// Lengths as texts have them: many short ones and some that are far longer.
func textLengths(_ count: Int, seed: Int, most: Int) -> [Int] {
    var random = Randomness(seed)
    return (0..<count).map { _ in
        let share = Double.random(in: 0..<1, using: &random)
        return 1 + Int(Double(most) * share * share * share * share)
    }
}

/// A tokenizer of the tokenizers' own tests.
func fixtureTokenizer(_ name: String) throws -> Tokenizer {
    let path = fixturePath("\(name).tokenizer.json", of: "GygesTokenizer")
    return try Tokenizer(json: try JSON.read(path: path), path: path)
}
