public import GygesFiles

/// Questions with the documents that answer them and others that do not.
public struct QuestionSet: Sendable, Hashable {
    /// A question.
    struct Question: Sendable, Hashable {
        var text: String
        /// Right answers, any of which will do; at least one.
        var answers: [String]
        /// The documents that belong to it, by number.
        var documents: [Int]
        /// Documents of the same article, which come before any others.
        var related: [Int]
    }

    /// All documents, each once, in the order of the file.
    let documents: [String]
    let questions: [Question]

    /// Reads SQuAD 1.1 or 2.0 (Rajpurkar et al. 2018, arXiv 1806.03822); questions without an answer are left out.
    ///
    /// - Throws: ``FileError`` if the file is damaged or has no question, naming the place.
    public init(squad path: String) throws(FileError) {
        let file = QuestionFile(
            path: path, remedy: "Get dev-v2.0.json from https://rajpurkar.github.io/SQuAD-explorer/.")
        var documents = DocumentTable()
        var questions: [Question] = []
        for (a, article) in try file.array(try file.read()["data"], "data").enumerated() {
            let place = "data[\(a)].paragraphs"
            let paragraphs = try file.array(article["paragraphs"], place)
            var numbers: [Int] = []
            for (p, paragraph) in paragraphs.enumerated() {
                numbers.append(documents.number(of: try file.text(paragraph["context"], "\(place)[\(p)].context")))
            }
            for (p, paragraph) in paragraphs.enumerated() {
                for (q, question) in try file.array(paragraph["qas"], "\(place)[\(p)].qas").enumerated()
                where question["is_impossible"]?.bool != true {
                    let place = "\(place)[\(p)].qas[\(q)]"
                    let text = try file.text(question["question"], place + ".question")
                    var answers: [String] = []
                    for answer in try file.array(question["answers"], place + ".answers") {
                        answers.append(try file.text(answer["text"], place + ".answers.text"))
                    }
                    guard !answers.isEmpty else { throw file.error(at: place + ".answers", "is empty") }
                    questions.append(
                        Question(
                            text: text, answers: answers, documents: [numbers[p]],
                            related: numbers.filter { $0 != numbers[p] }))
                }
            }
        }
        try self.init(documents, questions, file)
    }

    /// Reads HotpotQA's distractor setting (Yang et al. 2018, arXiv 1809.09600).
    ///
    /// - Throws: ``FileError`` if the file is damaged or has no question, naming the place.
    public init(hotpotQA path: String) throws(FileError) {
        let file = QuestionFile(
            path: path, remedy: "Get hotpot_dev_distractor_v1.json from https://hotpotqa.github.io/.")
        var documents = DocumentTable()
        var questions: [Question] = []
        for (index, question) in try file.array(try file.read(), "the file").enumerated() {
            let place = "[\(index)]"
            var numbers: [Int] = []
            for document in try file.array(question["context"], place + ".context") {
                let title = try file.text(document[0], place + ".context title")
                var text = title + "\n"
                for sentence in try file.array(document[1], place + ".context sentences") {
                    text += try file.text(sentence, place + ".context sentence")
                }
                numbers.append(documents.number(of: text))
            }
            questions.append(
                Question(
                    text: try file.text(question["question"], place + ".question"),
                    answers: [try file.text(question["answer"], place + ".answer")], documents: numbers, related: []))
        }
        try self.init(documents, questions, file)
    }

    private init(_ documents: DocumentTable, _ questions: [Question], _ file: QuestionFile) throws(FileError) {
        guard !questions.isEmpty else { throw file.error(at: "", "has no question with an answer") }
        self.documents = documents.texts
        self.questions = questions
    }
}

/// Documents by their text.
private struct DocumentTable {
    private(set) var texts: [String] = []
    private var numbers: [[UInt8]: Int] = [:]

    /// The number of a document, a new one if it has not been seen.
    mutating func number(of text: String) -> Int {
        let key = Array(text.utf8)
        if let number = numbers[key] { return number }
        numbers[key] = texts.count
        texts.append(text)
        return texts.count - 1
    }
}

/// A file of questions and what is said about its faults.
private struct QuestionFile {
    let path: String
    let remedy: String

    func read() throws(FileError) -> JSON { try JSON.read(path: path) }

    func error(at place: String, _ problem: String) -> FileError {
        FileError(path, at: place, problem, remedy: remedy)
    }

    func array(_ value: JSON?, _ place: String) throws(FileError) -> [JSON] {
        guard let array = value?.array else { throw error(at: place, "is not a list") }
        return array
    }

    func text(_ value: JSON?, _ place: String) throws(FileError) -> String {
        guard let text = value?.string, !text.isEmpty else { throw error(at: place, "is not a text, or empty") }
        return text
    }
}
