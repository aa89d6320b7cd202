/// Which texts of whom an encoder's next pass reads. Belongs to the encoder's thread.
struct EncoderSchedule {
    /// A job under way.
    final class ActiveJob {
        let job: EncoderJob
        /// Its texts, the longest first, from `next` on still to be read.
        fileprivate let order: [Int]
        fileprivate var next = 0
        fileprivate var results: [EncoderResult?]
        fileprivate var missingCount: Int

        init(_ job: EncoderJob) {
            self.job = job
            order = longestFirst(job.texts.map(\.tokens.count))
            results = [EncoderResult?](repeating: nil, count: order.count)
            missingCount = order.count
        }

        /// The next text; `nil` after the last.
        fileprivate var nextText: EncoderText? { next < order.count ? job.texts[order[next]] : nil }
    }

    /// A text of a pass.
    struct Place {
        var job: ActiveJob
        var text: Int
    }

    /// The most tokens of a pass, unless a single text has more.
    let tokenBudget: Int
    /// Who is served next first.
    private var active: [ActiveJob] = []

    init(tokenBudget: Int) { self.tokenBudget = tokenBudget }

    var isEmpty: Bool { active.isEmpty }

    /// Takes jobs in; one without texts is done at once.
    mutating func add(_ jobs: [EncoderJob], done: (EncoderJob) -> Void) {
        for job in jobs {
            guard job.texts.isEmpty else {
                active.append(ActiveJob(job))
                continue
            }
            job.handover.fulfil(.success([]))
            done(job)
        }
    }

    /// Lets go of jobs that nobody wants any more.
    mutating func dropCancelled(done: (EncoderJob) -> Void) {
        for job in active where job.job.isCancelled { done(job.job) }
        active.removeAll(where: \.job.isCancelled)
    }

    /// The texts of the next pass, all of the first job's work.
    ///
    /// Everybody who asks for the same gets an equal share of the pass, so that a few texts do not wait for a great many; what
    /// is left over goes to the first. A job that is alone is cut as ``batches(ofLengths:tokenBudget:)`` cuts it.
    mutating func nextPass() -> [Place] {
        guard let work = active.first?.job.work else { return [] }
        let served = active.filter { $0.job.work == work }
        var places: [Place] = []
        var room = tokenBudget
        for share in [max(1, tokenBudget / served.count), tokenBudget] {
            for job in served {
                var taken = 0
                while let text = job.nextText, taken == 0 || text.tokens.count <= share - taken,
                    text.tokens.count <= room || places.isEmpty
                {
                    places.append(Place(job: job, text: job.order[job.next]))
                    job.next += 1
                    taken += text.tokens.count
                    room -= text.tokens.count
                }
            }
        }
        // Others come before those who were served.
        active = active.filter { $0.job.work != work } + served
        return places
    }

    /// Hands over what became of a pass; jobs with all their results are done.
    mutating func finish(
        _ places: [Place], _ outcome: Result<[EncoderResult], EncoderError>, done: (EncoderJob) -> Void
    ) {
        for (index, place) in places.enumerated() {
            switch outcome {
            case .success(let results):
                place.job.results[place.text] = results[index]
                place.job.missingCount -= 1
                guard place.job.missingCount == 0 else { continue }
                place.job.job.handover.fulfil(.success(place.job.results.compactMap(\.self)))
            case .failure(let error):
                place.job.job.handover.fulfil(.failure(error))
            }
            guard active.contains(where: { $0 === place.job }) else { continue }
            done(place.job.job)
            active.removeAll { $0 === place.job }
        }
    }

    /// Tells everybody that nothing will come.
    mutating func refuseAll(_ error: EncoderError) {
        for job in active { job.job.handover.fulfil(.failure(error)) }
        active = []
    }
}

/// The numbers of texts, the longest first; of equally long ones the first.
func longestFirst(_ lengths: [Int]) -> [Int] {
    lengths.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
}
