import GygesFiles
import Testing

@testable import GygesWire

/// Texts and pairs of texts as clients of several servers send them.
@Suite struct EncoderRequestTests {
    @Test func pairsAreReadInBothForms() throws {
        func input(_ text: String) throws -> (LabelRequest.Input, Bool) {
            let request = try LabelRequest(JSON(parsing: text))
            return (request.input, request.isSingle)
        }
        let pair = LabelRequest.Pair(first: "a", second: "b")
        #expect(try input(#"{"inputs":"a"}"#) == (.texts(["a"]), true))
        #expect(try input(#"{"inputs":["a","b"]}"#) == (.pairs([pair]), true))
        #expect(try input(#"{"inputs":[["a","b"],["a","b"]]}"#) == (.pairs([pair, pair]), false))
        #expect(try input(#"{"inputs":[["a"],["b"]]}"#) == (.texts(["a", "b"]), false))
        #expect(try input(#"{"input":["a","b"]}"#) == (.texts(["a", "b"]), false))
        for text in [
            #"{"inputs":[]}"#, #"{"inputs":["a"]}"#, #"{"inputs":["a","b","c"]}"#, #"{"inputs":[["a"],["a","b"]]}"#,
            #"{"inputs":[["a",1]]}"#, #"{"inputs":[[]]}"#, #"{"inputs":"a","input":"b"}"#, #"{}"#,
            #"{"inputs":"a","raw_scores":true}"#, #"{"inputs":"a","truncate":false}"#, #"{"input":[["a","b"]]}"#,
        ] {
            #expect(throws: ErrorReply.self, "\(text)") { try input(text) }
        }
    }

    @Test func oneFirstTextServesAllSecondOnes() throws {
        let one = try PairScoreRequest(JSON(parsing: #"{"text_1":"q","text_2":["a","b"],"user":"u"}"#))
        #expect(one.pairs.map(\.0) == ["q", "q"] && one.pairs.map(\.1) == ["a", "b"])
        let many = try PairScoreRequest(JSON(parsing: #"{"model":"m","text_1":["q","r"],"text_2":["a","b"]}"#))
        #expect(many.model == "m" && many.pairs.map(\.0) == ["q", "r"])
        for text in [
            #"{"text_1":["q","r"],"text_2":"a"}"#, #"{"text_1":[],"text_2":"a"}"#, #"{"text_1":"q"}"#,
            #"{"text_1":"q","text_2":["a",1]}"#, #"{"text_1":"q","text_2":"a","top_n":1}"#,
        ] {
            #expect(throws: ErrorReply.self, "\(text)") { try PairScoreRequest(JSON(parsing: text)) }
        }
    }

    @Test func templatesAreAppliedToWhatChatsHave() throws {
        let asked = try TemplateRequest(
            JSON(
                parsing:
                    #"{"messages":[{"role":"user","content":"a"}],"add_generation_prompt":false,"chat_template_kwargs":{"b":1}}"#
            ))
        #expect(asked.messages.count == 1 && !asked.addsGenerationPrompt && asked.variables["b"] == 1)
        #expect(throws: ErrorReply.self) { try TemplateRequest(JSON(parsing: #"{"messages":[]}"#)) }
    }
}
