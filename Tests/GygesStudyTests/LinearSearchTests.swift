import GygesStatistics
import Synchronization
import Testing

@testable import GygesStudy

@Suite struct LinearSearchTests {
    @Test("Every occurrence is found that trying every place finds")
    func findsWhatTryingEveryPlaceFinds() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                Int.random(in: 0...1, using: &generator)
            }
            let pattern = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                Int.random(in: 0...1, using: &generator)
            }
            var places: [Int] = []
            for start in text.indices where text[start...].starts(with: pattern) { places.append(start) }
            var found: [Int] = []
            let last = LinearSearch(pattern).first(in: text) {
                found.append($0.lowerBound)
                return false
            }
            #expect(last == nil && found == places, "\(pattern) in \(text)")
            // Those that do not overlap.
            var expected: [Int] = []
            for place in places where place >= (expected.last.map { $0 + pattern.count } ?? 0) {
                expected.append(place)
            }
            #expect(LinearSearch(pattern).ranges(in: text).map(\.lowerBound) == expected)
        }
    }

    /// A letter that counts how often one is compared.
    private struct Counted: Equatable {
        static let count = Mutex(0)
        var letter: Character

        static func == (a: Counted, b: Counted) -> Bool {
            count.withLock { $0 += 1 }
            return a.letter == b.letter
        }
    }

    // One after the other: they share the count.
    @Test("Comparisons grow with the lengths and not with their product", .serialized, arguments: [500, 2000])
    func isLinear(_ count: Int) {
        func counted(_ text: String) -> [Counted] { text.map { Counted(letter: $0) } }
        let letters = String(repeating: "a", count: count)
        for (pattern, text) in [(letters + "b", letters + letters), ("b" + letters, letters), (letters, letters)] {
            Counted.count.withLock { $0 = 0 }
            _ = LinearSearch(counted(pattern)).ranges(in: counted(text))
            let comparisons = Counted.count.withLock { $0 }
            #expect(comparisons <= 3 * (pattern.count + text.count), "\(comparisons)")
        }
    }

    @Test(
        "Texts are compared as String compares them",
        arguments: [
            ("a {{tier}} b {{tier}}", "{{tier}}"), ("aaaa", "aa"), ("", "a"), ("résumé", "re"),
            ("re\u{301}sume\u{301}", "ré"),
            ("🇩🇪🇫🇷", "🇫🇷"), ("a\r\nb", "\n"), ("ab", "abc"), ("ab", "b"),
        ])
    func placesAreThoseOfString(_ text: String, _ part: String) {
        #expect(text.places(of: part) == text.ranges(of: part))
        #expect(text.substituting("–", for: part) == text.replacing(part, with: "–"))
    }
}
