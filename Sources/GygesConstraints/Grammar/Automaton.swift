/// Runs a grammar over bytes: a state is the set of all places where reading can be, each with the calls that wait for it.
///
/// States, and the chains of waiting calls, are kept and numbered as they are met, and what follows a state on a byte is
/// computed once. Every place in a state can be read on to the end of the text within the depth limit: places that cannot
/// are left out (``Grammar/Node/height``), so that there are no dead ends.
///
/// Time and memory are bounded: a state has at most ``placeLimit`` places. A grammar that is ambiguous in more ways at
/// once loses the later ones, which forbids some texts of the language and never allows another.
struct Automaton {
    /// A state's number; ``dead`` for none.
    typealias State = Int32

    /// A place in a rule, the rule's counter, and what waits for the rule.
    struct Place: Hashable {
        var node: Int32
        var count: Int32
        var stack: Int32
    }

    /// A call that waits: where it goes on, its own rule's counter, and what waits for that rule.
    struct Frame: Hashable {
        var node: Int32
        var count: Int32
        var parent: Int32
    }

    private struct Contents: Hashable {
        /// Places with edges, sorted.
        var places: [Place]
        /// Whether the text may end here.
        var isAccepting: Bool
        /// The counter with which the rule above ``outside`` may end here, or -1 if it may not.
        var exitCount: Int32
    }

    /// What can follow nothing.
    static let dead: State = -1
    private static let unknown: State = -2
    /// The stack on which no call waits: the end of its rule is the end of the text.
    static let whole: Int32 = 0
    /// The stack of which nothing is known: a rule is looked at by itself, and its end is an exit.
    static let outside: Int32 = 1
    /// The most places in a state.
    static let placeLimit = 4096

    let grammar: Grammar
    private(set) var frames: [Frame] = []
    private var depths: [Int32] = []
    private var frameNumbers: [Frame: Int32] = [:]
    private var contents: [Contents] = []
    private var stateNumbers: [Contents: State] = [:]
    /// What follows state s on byte b, at 256 s + b.
    private var following: [State] = []
    /// The deepest nesting that any state so far needs to be read to its end.
    private(set) var deepest: Int32 = 0

    init(_ grammar: Grammar) {
        self.grammar = grammar
        clear()
    }

    private mutating func clear() {
        let none = Frame(node: -1, count: 0, parent: -1)
        frames = [none, none]
        depths = [0, 0]
        frameNumbers = [:]
        contents = []
        stateNumbers = [:]
        following = []
    }

    // MARK: States

    /// The state before the first byte.
    mutating func start() -> State {
        state(of: [Place(node: grammar.rules[Int(grammar.root)].start, count: 0, stack: Self.whole)])
    }

    /// The state in which reading is at any of `places`, or where these lead without a byte.
    mutating func state(of places: [Place]) -> State {
        var search = Search(automaton: self)
        // The search owns the tables while it works, so that they are not copied.
        frames = []
        depths = []
        frameNumbers = [:]
        for place in places { search.visit(place) }
        frames = search.frames
        depths = search.depths
        frameNumbers = search.frameNumbers
        deepest = max(deepest, search.deepest)
        guard !search.reading.isEmpty || search.isAccepting || search.exitCount >= 0 else { return Self.dead }
        search.reading.sort { ($0.stack, $0.node, $0.count) < ($1.stack, $1.node, $1.count) }
        let found = Contents(
            places: search.reading, isAccepting: search.isAccepting, exitCount: search.exitCount)
        if let known = stateNumbers[found] { return known }
        let number = State(contents.count)
        contents.append(found)
        stateNumbers[found] = number
        following.append(contentsOf: repeatElement(Self.unknown, count: 256))
        return number
    }

    /// The state after `byte`, or ``dead``.
    @inline(__always)
    mutating func state(after state: State, byte: UInt8) -> State {
        let known = following[Int(state) << 8 | Int(byte)]
        return known == Self.unknown ? findState(after: state, byte: byte) : known
    }

    private mutating func findState(after state: State, byte: UInt8) -> State {
        var next: [Place] = []
        for place in contents[Int(state)].places {
            let node = grammar.nodes[Int(place.node)]
            for edge in grammar.edges[node.edges] where edge.low <= byte && byte <= edge.high {
                guard grammar.allows(edge.condition, count: place.count, in: node.rule) else { continue }
                let count = grammar.counter(place.count, after: edge.condition, in: node.rule)
                next.append(Place(node: edge.target, count: count, stack: place.stack))
            }
        }
        let found = next.isEmpty ? Self.dead : self.state(of: next)
        following[Int(state) << 8 | Int(byte)] = found
        return found
    }

    /// The places of a state, in order of their stacks.
    func places(of state: State) -> [Place] { contents[Int(state)].places }

    /// The number of places of a state.
    func placeCount(of state: State) -> Int { contents[Int(state)].places.count }

    /// Whether the text may end in a state.
    func isAccepting(_ state: State) -> Bool { contents[Int(state)].isAccepting }

    /// The counter with which the rule above ``outside`` may end in a state, or -1.
    func exitCount(of state: State) -> Int32 { contents[Int(state)].exitCount }

    /// How many calls wait in a stack.
    func depth(of stack: Int32) -> Int32 { depths[Int(stack)] }

    /// The number of states met.
    var stateCount: Int { contents.count }

    /// Forgets all states but one, and gives its new number.
    mutating func forgetAll(but state: State) -> State {
        let kept = contents[Int(state)]
        let old = frames
        clear()
        var renumbered: [Int32: Int32] = [Self.whole: Self.whole, Self.outside: Self.outside]
        func renumber(_ stack: Int32, _ automaton: inout Automaton) -> Int32 {
            if let known = renumbered[stack] { return known }
            var frame = old[Int(stack)]
            frame.parent = renumber(frame.parent, &automaton)
            let number = Int32(automaton.frames.count)
            automaton.frames.append(frame)
            automaton.depths.append(automaton.depths[Int(frame.parent)] + 1)
            automaton.frameNumbers[frame] = number
            renumbered[stack] = number
            return number
        }
        let places = kept.places.map { place in
            Place(node: place.node, count: place.count, stack: renumber(place.stack, &self))
        }
        contents = [
            Contents(
                places: places.sorted { ($0.stack, $0.node, $0.count) < ($1.stack, $1.node, $1.count) },
                isAccepting: kept.isAccepting, exitCount: kept.exitCount)
        ]
        stateNumbers[contents[0]] = 0
        following = [State](repeating: Self.unknown, count: 256)
        return 0
    }

    // MARK: What is reached without a byte

    private struct Search {
        let grammar: Grammar
        var frames: [Frame]
        var depths: [Int32]
        var frameNumbers: [Frame: Int32]
        var reading: [Place] = []
        var isAccepting = false
        var exitCount: Int32 = -1
        var deepest: Int32 = 0
        private var seen: Set<Place> = []
        private var pending: [Place] = []

        init(automaton: Automaton) {
            grammar = automaton.grammar
            frames = automaton.frames
            depths = automaton.depths
            frameNumbers = automaton.frameNumbers
        }

        mutating func visit(_ first: Place) {
            add(first)
            while let place = pending.popLast() { follow(place) }
        }

        private mutating func add(_ place: Place) {
            let need = depths[Int(place.stack)] + grammar.nodes[Int(place.node)].height
            guard need <= Grammar.depthLimit, seen.count < Automaton.placeLimit, seen.insert(place).inserted else {
                return
            }
            deepest = max(deepest, need)
            pending.append(place)
        }

        private mutating func follow(_ place: Place) {
            let node = grammar.nodes[Int(place.node)]
            if !node.edges.isEmpty { reading.append(place) }
            for step in grammar.steps[node.steps] { add(Place(node: step, count: place.count, stack: place.stack)) }
            for call in grammar.calls[node.calls]
            where grammar.allows(call.condition, count: place.count, in: node.rule) {
                let start = grammar.rules[Int(call.rule)].start
                let target = grammar.nodes[Int(call.target)]
                if target.isPureReturn {
                    add(Place(node: start, count: 0, stack: place.stack))
                } else if depths[Int(place.stack)] + target.height <= Grammar.depthLimit,
                    depths[Int(place.stack)] < Grammar.depthLimit
                {
                    let count = grammar.counter(place.count, after: call.condition, in: node.rule)
                    add(
                        Place(
                            node: start, count: 0,
                            stack: push(Frame(node: call.target, count: count, parent: place.stack))))
                }
            }
            if node.isFinal {
                switch place.stack {
                case Automaton.whole: isAccepting = true
                case Automaton.outside: exitCount = max(exitCount, place.count)
                default:
                    let frame = frames[Int(place.stack)]
                    add(Place(node: frame.node, count: frame.count, stack: frame.parent))
                }
            }
        }

        private mutating func push(_ frame: Frame) -> Int32 {
            if let known = frameNumbers[frame] { return known }
            let number = Int32(frames.count)
            frames.append(frame)
            depths.append(depths[Int(frame.parent)] + 1)
            frameNumbers[frame] = number
            return number
        }
    }
}
