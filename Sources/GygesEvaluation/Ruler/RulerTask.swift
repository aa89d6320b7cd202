/// The thirteen tasks of RULER (Hsieh et al. 2024, arXiv 2404.06654, table 5 and `scripts/synthetic.yaml` of the benchmark).
///
/// What defines a task is the benchmark's: what is hidden where and how often, what is asked, the parts of a prompt, how long an
/// answer may be and how it is judged. Sentences, word lists and essay are our own, so that scores can be compared between
/// models and lengths here, and not digit by digit with published ones.
public enum RulerTask: String, Sendable, Hashable, CaseIterable, Codable {
    /// One needle, a number, in repeated filler.
    case niahSingle1 = "niah_single_1"
    /// One needle, a number, in an essay.
    case niahSingle2 = "niah_single_2"
    /// One needle, a UUID, in an essay.
    case niahSingle3 = "niah_single_3"
    /// Four needles with keys of their own in an essay, one of them asked for.
    case niahMultikey1 = "niah_multikey_1"
    /// One needle in a haystack of needles.
    case niahMultikey2 = "niah_multikey_2"
    /// One needle in a haystack of needles, all keys and values UUIDs.
    case niahMultikey3 = "niah_multikey_3"
    /// Four values of one key, all asked for.
    case niahMultivalue = "niah_multivalue"
    /// Four keys, all asked for.
    case niahMultiquery = "niah_multiquery"
    /// Variables that got one value by way of each other.
    case variableTracking = "vt"
    /// The most common words of a list.
    case commonWords = "cwe"
    /// The most frequent words where frequencies follow Zipf's law.
    case frequentWords = "fwe"
    /// Questions to documents of SQuAD.
    case squad = "qa_1"
    /// Questions to documents of HotpotQA.
    case hotpotQA = "qa_2"

    /// The most tokens of an answer (`tokens_to_generate` in the benchmark's `constants.py`).
    public var answerLimit: Int {
        switch self {
        case .variableTracking: 30
        case .commonWords: 120
        case .frequentWords: 50
        case .squad, .hotpotQA: 32
        default: 128
        }
    }

    /// How answers are compared.
    var metric: EvaluationItem.Metric {
        switch self {
        case .squad, .hotpotQA: .containsAny
        default: .containsAll
        }
    }

    /// What is hidden, for the tasks that hide needles.
    var needles: NeedleTask? {
        switch self {
        case .niahSingle1: NeedleTask(haystack: .noise)
        case .niahSingle2: NeedleTask(haystack: .essay)
        case .niahSingle3: NeedleTask(haystack: .essay, valueKind: .uuids)
        case .niahMultikey1: NeedleTask(haystack: .essay, keyCount: 4)
        case .niahMultikey2: NeedleTask(haystack: .needles)
        case .niahMultikey3: NeedleTask(haystack: .needles, keyKind: .uuids, valueKind: .uuids)
        case .niahMultivalue: NeedleTask(haystack: .essay, valueCount: 4)
        case .niahMultiquery: NeedleTask(haystack: .essay, keyCount: 4, queryCount: 4)
        default: nil
        }
    }

    /// The place of the task among all, for seeds.
    var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension EvaluationItem {
    /// A question of a task, with the task's metric and longest answer.
    init(_ task: RulerTask, _ prompt: EvaluationPrompt, references: [String], depths: [Double] = []) {
        self.init(
            prompt: prompt, references: references, metric: task.metric, answerLimit: task.answerLimit, depths: depths)
    }
}
