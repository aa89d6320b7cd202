import GygesKernels

extension PrefixIndex {
    /// What does not hold of what must hold between any two calls, a sentence each; empty if all does.
    ///
    /// For tests, since the lists of idle entries are held by nobody but the tree: a neighbour that the tree let go of would be
    /// memory of something else.
    /// - Complexity: O(entries · log entries)
    func checkInvariants() -> [String] {
        var problems: [String] = []
        func expect(_ holds: Bool, _ problem: @autoclosure () -> String) {
            if !holds { problems.append(problem()) }
        }
        // The tree.
        var known: [ObjectIdentifier: Entry] = [:]
        var pages: Set<ObjectIdentifier> = []
        var reached = [root] + otherRoots.values
        while let entry = reached.popLast() {
            expect(entry.tails.count <= Self.tailLimit, "entry \(entry.number) has \(entry.tails.count) tails")
            for (tokens, child) in entry.full {
                expect(
                    tokens == child.tokens && child.isFull,
                    "entry \(child.number) is known by other tokens than its own")
            }
            for tail in entry.tails { expect(!tail.isFull, "the full entry \(tail.number) is kept as a tail") }
            for child in entry.children {
                expect(
                    known.updateValue(child, forKey: ObjectIdentifier(child)) == nil, "\(child.number) is reached twice"
                )
                expect(child.parent === entry, "entry \(child.number) does not know what it comes after")
                expect((1...entryCount).contains(child.number), "entry \(child.number) has a number of another")
                expect(!child.tokens.isEmpty, "entry \(child.number) has no tokens")
                guard let page = child.page else {
                    problems.append("entry \(child.number) has no page")
                    continue
                }
                expect(page.entry === child, "the page of entry \(child.number) is known elsewhere")
                expect(
                    pages.insert(ObjectIdentifier(page)).inserted, "the page of entry \(child.number) is known twice")
                if let before = entry.page, before.isIdle {
                    expect(page.isIdle, "entry \(child.number) is in use, and \(entry.number) before it is not")
                }
                reached.append(child)
            }
        }
        // The list.
        var places: [ObjectIdentifier: Int] = [:]
        var (previous, next) = (Entry?.none, oldest)
        while let entry = next {
            guard known[ObjectIdentifier(entry)] != nil else {
                problems.append("the list of idle entries leads out of the tree after \(places.count)")
                return problems
            }
            guard places.updateValue(places.count, forKey: ObjectIdentifier(entry)) == nil else {
                problems.append("the list of idle entries comes back to \(entry.number)")
                return problems
            }
            expect(entry.older === previous, "the list of idle entries is not the same backwards at \(entry.number)")
            (previous, next) = (entry, entry.newer)
        }
        expect(newest === previous, "the list of idle entries ends elsewhere")
        for entry in known.values {
            let place = places[ObjectIdentifier(entry)]
            expect((place != nil) == (entry.page?.isIdle ?? false), "entry \(entry.number) is idle or listed, not both")
            if place == nil {
                expect(entry.older == nil && entry.newer == nil, "entry \(entry.number) is in use and has neighbours")
            }
            if let place, let before = entry.parent, let later = places[ObjectIdentifier(before)] {
                expect(place < later, "entry \(entry.number) would go after \(before.number), which it follows")
            }
        }
        return problems
    }
}
