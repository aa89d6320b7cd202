/// The word of a list that a misspelt one most likely stands for; `nil` if none is near.
///
/// Near is at most a third of the word's letters wrong, missing, added or exchanged with their neighbours (Damerau 1964), or a
/// word of the list that begins with it.
public func nearest(_ word: String, among known: [String]) -> String? {
    let word = Array(word.lowercased().prefix(40))
    guard !word.isEmpty else { return nil }
    let distances = known.map { (name: $0, distance: editDistance(word, Array($0))) }
    let limit = max(1, word.count / 3)
    if let best = distances.filter({ $0.distance <= limit }).min(by: { $0.distance < $1.distance }) { return best.name }
    return word.count >= 3 ? known.first { $0.hasPrefix(String(word)) } : nil
}

/// How many letters must be changed, added, removed or exchanged with their neighbours to make one word of the other.
private func editDistance(_ first: [Character], _ second: [Character]) -> Int {
    var rows = [Array(0...second.count)]
    for i in first.indices {
        var row = [i + 1]
        for j in second.indices {
            var best = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (first[i] == second[j] ? 0 : 1))
            if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
                best = min(best, rows[i - 1][j - 1] + 1)
            }
            row.append(best)
        }
        rows.append(row)
    }
    return rows[first.count][second.count]
}
