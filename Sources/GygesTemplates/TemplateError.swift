import GygesFiles

/// What is wrong with a chat template or with what it was given, where, and what to do about it.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The classes of failure.
    public enum Kind: Sendable, Equatable {
        /// The source is not a template.
        case syntax
        /// The template uses a tag, filter, test or method that this interpreter does not have.
        case unsupported
        /// Something that does not exist was used where a value is needed.
        case undefined
        /// An operation met a value of a type that it cannot work on, such as text and `none` being added.
        case type
        /// A division by zero, or an integer beyond 64 bits.
        case arithmetic
        /// The template wants more steps, text or depth than it is allowed.
        case budget
        /// The template itself refused its input with `raise_exception`.
        case raised
        /// The conversation cannot be given to a template, such as tool-call arguments that are not JSON.
        case conversation
    }

    /// The class of failure.
    public var kind: Kind
    /// The template's name: usually the file it came from.
    public var template: String
    /// The line in the template, from 1; `nil` if no line is to blame.
    public var line: Int?
    /// What is wrong, as a sentence without its full stop.
    public var message: String
    /// What the user can do.
    public var remedy: String

    /// Creates an error; the remedy is the usual one of its kind unless given.
    public init(_ kind: Kind, _ message: String, template: String = "", line: Int? = nil, remedy: String? = nil) {
        self.kind = kind
        self.template = template
        self.line = line
        self.message = message
        self.remedy = remedy ?? kind.remedy
    }

    /// The problem with its line; what templates and conversations say is cut and legible, as in ``FileError``.
    public var description: String {
        let place = [template.legible(limit: 1000), line.map { "line \($0)" } ?? ""].filter { !$0.isEmpty }
            .joined(separator: ": ")
        return (place.isEmpty ? "" : place + ": ") + message.legible(limit: 600) + ".\n" + remedy
    }

    /// The error with its place filled in, unless it has one already.
    func located(in template: String, line: Int?) -> TemplateError {
        var located = self
        if located.template.isEmpty { located.template = template }
        if located.line == nil { located.line = line }
        return located
    }
}

extension TemplateError.Kind {
    fileprivate var remedy: String {
        switch self {
        case .syntax: "Correct the template, or name another one."
        case .unsupported: "Give a chat template that does without it."
        case .undefined, .type: "Compare the messages with what this model's chat template expects."
        case .arithmetic: "Correct the template's arithmetic, or name another template."
        case .budget: "Chat templates are small programs; this one is broken or hostile. Name another one."
        case .raised: "Change the conversation as the template asks."
        case .conversation: "Correct the conversation."
        }
    }
}
