/// Phrases with which assistants decline.
///
/// Only the beginning of an answer is searched: what is declined is declined at once, while later text may be a story,
/// a letter or an excuse that the user asked for, in which somebody else declines something.
enum RefusalRules {
    /// How many sentences of an answer are searched.
    static let searchedSentences = 3

    private static let unable = """
        i can't | i cannot | i can not | i couldn't | i could not | i won't | i will not | i wouldn't | \
        i would not | i shouldn't | i should not | i'm unable to | i am unable to | i'm not able to | \
        i am not able to | i'm not going to | i am not going to | i'm not willing to | i am not willing to | \
        i'd rather not | i would rather not | i'd prefer not to | i would prefer not to | i do not want to | \
        i don't want to
        """

    /// What an assistant does. “I can't make it tonight” is an excuse, “I can't write that” is a refusal.
    private static let assisting = """
        help | assist | write | provide | create | fulfil | comply | support | generate | produce | participate | \
        engage | encourage | draft | compose | do that | do this | in good conscience | be part of | contribute | \
        answer | invent | satisfy | continue with | give you | offer you | share that
        """

    static let patterns = [
        SentencePattern(unable, assisting, none: "can't help but | cannot help but | can't help laughing"),
        SentencePattern(
            """
            absolutely not | i must decline | i have to decline | i decline to | i need to decline | \
            i'll have to decline | i will have to decline | i respectfully decline | i refuse to | i must refuse | \
            i do not answer questions | i don't answer questions | i'm not comfortable | i am not comfortable | \
            i don't feel comfortable | i do not feel comfortable
            """),
        SentencePattern(
            "as an ai_ | as a language model | as an assistant", "can't | cannot | not_ | unable | decline"),
        SentencePattern(
            "it would not be | it wouldn't be | it is not | it's not | that is not | that's not",
            "appropriate for me | right for me"),
        SentencePattern("against my", "guideline | values | principle | programming | polic"),
    ]

    /// The sentences in which an answer declines; none if it does not.
    static func evidence(in sentences: [Sentence]) -> [Evidence] {
        Array(sentences.prefix(searchedSentences)).evidence(matching: patterns, place: .output)
    }
}
