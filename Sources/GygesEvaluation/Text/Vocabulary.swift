import GygesStatistics

/// The words that tasks are made of: an adjective and a noun, `brave-lantern`.
///
/// No adjective ends with another and no noun begins with another, so that no word is part of another one: answers are judged by
/// what they contain.
enum Vocabulary {
    /// The first halves.
    static let adjectives = words(
        """
        amber ample ancient autumn bashful blunt brisk broad calm careful cheerful chilly clever cloudy coarse cosy \
        crisp curious damp daring distant dusty eager early earnest faint famous fancy fertile fierce fleet floral \
        fond foreign formal frank frosty gentle giant glad gloomy golden graceful grand grateful hasty hidden hollow \
        honest humble idle jolly keen kind lazy lively lonely loyal lucky mellow merry mild misty modest muddy \
        narrow native nimble noble noisy odd pale patient plain playful polite proud quaint quick quiet rapid rare \
        rigid robust rocky rosy rough round royal rustic salty secret shallow sharp shiny silent silky simple sleepy \
        slender smooth snowy sober solid spare spotted steady steep stern stout strange sturdy subtle sunny sweet \
        swift tall tame tender tidy timid tiny tough tranquil trim tropical upright usual vast velvet vivid warm \
        wary weary wild windy wise witty wooden young zealous
        """)

    /// The second halves.
    static let nouns = words(
        """
        acorn anchor anvil apple apron arrow badger bakery balcony bamboo banjo barley basket beacon beaver bicycle \
        blanket blossom bottle boulder bracket branch breeze bridge broom bucket button cabin candle canoe canyon \
        carpet castle cedar cellar chapel cherry chimney circus clover cobbler compass copper coral cottage cradle \
        crane cricket crystal curtain daisy dolphin donkey drum eagle echo elbow engine falcon feather fiddle flute \
        forest fountain fox garden garlic gate ginger glacier goblet guitar hammer harbor harvest hazel helmet heron \
        hill honey horn island ivory jacket jasmine jungle kettle kitchen kite ladder lagoon lantern laurel lemon \
        lentil library lily lizard lobster lute magnet mango maple marble market meadow melon mill mirror mitten \
        moss mountain mustard napkin nectar needle nest nutmeg oasis ocean olive orchard otter oven oyster paddle \
        palace panther parcel pasture pebble pepper pigeon pillow planet pocket pond poppy potter prairie pumpkin \
        puzzle quarry quilt rabbit raft raven reed ribbon river robin rocket saddle sailor salmon sandal satchel \
        scarf shelter shepherd shovel sparrow spoon spruce statue stream sugar summit tailor teapot temple thimble \
        thistle thunder timber tower tractor trumpet tulip tunnel turtle umbrella valley vase village violin wagon \
        walnut walrus wheel whistle willow window winter yarn zebra
        """)

    /// How many words there are.
    static var wordCount: Int { adjectives.count * nouns.count }

    /// The word with a number below ``wordCount``.
    static func word(_ number: Int) -> String {
        adjectives[number / nouns.count] + "-" + nouns[number % nouns.count]
    }

    /// A word at random.
    static func word(using generator: inout SeededGenerator) -> String {
        word(Int.random(in: 0..<wordCount, using: &generator))
    }

    /// A number of seven digits.
    static func number(using generator: inout SeededGenerator) -> String {
        String(Int.random(in: 1_000_000...9_999_999, using: &generator))
    }

    /// A UUID of version 4 (RFC 9562, section 5.4).
    static func uuid(using generator: inout SeededGenerator) -> String {
        var high = generator.next()
        var low = generator.next()
        high = high & ~0xF000 | 0x4000
        low = low & ~(3 << 62) | 2 << 62
        let digits = hexadecimal(high) + hexadecimal(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    /// So many letters of an alphabet.
    static func letters(_ count: Int, of alphabet: String, using generator: inout SeededGenerator) -> String {
        let alphabet = Array(alphabet)
        return String((0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] })
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
