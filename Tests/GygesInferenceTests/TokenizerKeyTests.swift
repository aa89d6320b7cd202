import Foundation
import GygesCheckpoints
import GygesFiles
import GygesTemplates
import GygesTestSupport
import GygesTokenizer
import Testing

@testable import GygesInference

/// Walks the table of `tokenizer_config.json`: what is called used is read, and what is called irrelevant is not.
@Suite struct TokenizerKeyTests {
    /// Folders among which every key of the table is read in one: a chat model's, and BERT's with a list of tokens alone.
    private static func folders() throws -> [TemporaryFolder] {
        let chat = try TemporaryFolder(copying: TextEncoderTests.folder("tiny-chat"))
        let list = try TemporaryFolder()
        try list.write(#"{"model_type": "bert"}"#, to: "config.json")
        let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "e", "é", "E", "É", "東", "京", "東京", "<s>", "</s>"]
        try list.write(tokens.joined(separator: "\n"), to: "vocab.txt")
        try list.write(
            #"{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": 99}"#,
            to: "tokenizer_config.json")
        return [chat, list]
    }

    /// What a folder says, as far as the table is about it, or what is wrong with it.
    private func outcome(of path: String) -> String {
        do {
            let folder = try ModelFolder(path: path)
            let tokenizer = try Tokenizer(path: path)
            let frame = [tokenizer.beginningOfText, tokenizer.endOfText, tokenizer.maskToken].map { $0 ?? -1 }
            let tokens = try tokenizer.encode("É e 東京 [UNK] <|im_end|>", specialTokens: .recognise)
            let template: String
            do { template = try ChatTemplate(folder: folder)?.source ?? "" } catch { template = "\(error)" }
            return "\(frame) \(tokenizer.beginningTokens) \(tokenizer.endTokens) \(tokens) \(template)"
                + " \(try folder.tokenizerSettings()) \(JSON.object(try templateVariables(of: folder)).serialized())"
        } catch {
            return "refused: \(error)"
        }
    }

    @Test func keysMeetTheirFate() throws {
        let folders = try Self.folders()
        // special_tokens_map.json counts without added_tokens_decoder.
        try folders[1].write(#"{"pad_token": "[MASK]"}"#, to: "special_tokens_map.json")
        var chat = try #require(JSON.read(path: folders[0].path + "/tokenizer_config.json").object)
        for key in ["bos_token", "eos_token"] { chat[key] = "<|im_end|>" }
        try folders[0].write(JSON.object(chat).serialized(), to: "tokenizer_config.json")
        let before = folders.map { outcome(of: $0.path) }
        for text in before { #expect(!text.hasPrefix("refused"), "\(text)") }
        for key in KeyTable.tokenizerConfiguration.keys {
            var isRead = false
            for (folder, before) in zip(folders, before) {
                let path = folder.path + "/tokenizer_config.json"
                let object = try #require(JSON.read(path: path).object)
                var changed = object
                let name = key.name.replacingOccurrences(of: "*", with: "x")
                let values: [JSON] = [["odd": 1], "odd", "[UNK]", true, false]
                for value in values {
                    changed[name] = value
                    try folder.write(JSON.object(changed).serialized(), to: "tokenizer_config.json")
                    isRead = isRead || outcome(of: folder.path) != before
                }
                try folder.write(JSON.object(object).serialized(), to: "tokenizer_config.json")
            }
            #expect(isRead == (key.fate == .used), "\(key.name) is said to be \(key.fate)")
        }
    }

    /// Tokens around texts that are stated are put there or taken off; the other end stays as tokenizer.json has it.
    @Test(arguments: [
        ("{}", [] as [Int32], [3] as [Int32]), (#"{"add_bos_token": false}"#, [], [3]),
        (#"{"add_bos_token": true}"#, [2], [3]), (#"{"add_eos_token": false}"#, [], []),
        (#"{"add_eos_token": true, "add_bos_token": true}"#, [2], [3]),
        (#"{"add_eos_token": null}"#, [], [3]),
    ])
    func statedFrames(flags: String, beginning: [Int32], end: [Int32]) throws {
        let folder = try TemporaryFolder()
        try folder.write(
            #"""
            {"version": "1.0", "added_tokens": [{"id": 2, "content": "<s>", "special": true}, {"id": 3, "content": "</s>", "special": true}],
             "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "</s>", "type_id": 0}}], "pair": null,
               "special_tokens": {"</s>": {"id": "</s>", "ids": [3], "tokens": ["</s>"]}}},
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
             "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}
            """#, to: "tokenizer.json")
        var object = try #require(JSON(parsing: flags).object)
        object["bos_token"] = "<s>"
        object["eos_token"] = "</s>"
        try folder.write(JSON.object(object).serialized(), to: "tokenizer_config.json")
        let tokenizer = try Tokenizer(path: folder.path)
        #expect(tokenizer.beginningTokens == beginning && tokenizer.endTokens == end)
        var encoder = TokenEncoder(tokenizer)
        #expect(try encoder.ids(of: "ab", and: nil) == beginning + [0, 1] + end)
    }
}
