import FoundationEssentials
import GygesFiles
import Testing

@testable import GygesClient

@Suite struct EndpointPolicyTests {
    @Test func addressesAreReadAndOthersRefused() throws {
        let address = try EndpointAddress("HTTP://Host.example:8000/v1/#org/model-1")
        #expect(address.base == "http://host.example:8000/v1")
        #expect(address.model == "org/model-1")
        #expect(try EndpointAddress("https://h/v1/chat/completions#m").base == "https://h/v1")
        for wrong in ["http://h/v1", "http://h/v1#", "ftp://h/v1#m", "http:///v1#m", "http://h/v1?key=1#m", "nothing"] {
            #expect(throws: FileError.self) { try EndpointAddress(wrong) }
        }
        let error = try #require(throws: FileError.self) { try EndpointAddress("http://me:pass@h/v1#m") }
        #expect(!error.description.contains("pass@") && error.description.contains("keyVariable"))
        #expect(try EndpointAddress("http://127.0.0.1/v1#m").isNearby)
        #expect(try !EndpointAddress("http://example.org/v1#m").isNearby)
        #expect(try !EndpointAddress("http://172.32.0.1/v1#m").isNearby)
    }

    @Test(arguments: [
        ("http://[::1]:8000/v1#m", "http://[::1]:8000/v1", true),
        ("http://LOCALHOST/v1#m", "http://localhost/v1", true),
        ("http://gpu7/v1#m", "http://gpu7/v1", true),
        ("http://127.evil.example/v1#m", "http://127.evil.example/v1", false),
    ])
    func nearbyHostsAreKnown(_ text: String, _ base: String, _ isNearby: Bool) throws {
        let address = try EndpointAddress(text)
        #expect(address.base == base && address.isNearby == isNearby)
    }

    @Test func keysComeFromTheEnvironmentAndNeverGoOutUnencrypted() throws {
        for (address, environment) in [
            ("http://localhost:1/v1#m", [:]), ("http://example.org/v1#m", ["STUDY_KEY": "abc"]),
            ("http://localhost:1/v1#m", ["STUDY_KEY": "a\nb"]),
        ] {
            let address = try EndpointAddress(address)
            let error = #expect(throws: EndpointError.self) {
                try EndpointCaller.key(named: "STUDY_KEY", for: address, in: environment)
            }
            #expect(error?.kind == .key)
            #expect(try EndpointCaller.key(named: nil, for: address, in: environment) == nil)
        }
        let encrypted = try EndpointAddress("https://example.org/v1#m")
        #expect(try EndpointCaller.key(named: "STUDY_KEY", for: encrypted, in: ["STUDY_KEY": "abc"]) == "abc")
    }

    @Test func pausesGrowAreSeededAndHeedTheServer() {
        let policy = RetryPolicy(attempts: 9, firstPause: .seconds(1), longestPause: .seconds(10))
        for attempt in 1...8 {
            let whole = min(Duration.seconds(10), .seconds(1) * Double(1 << (attempt - 1)))
            let pause = policy.pause(after: attempt, seed: 5)
            #expect(pause >= whole * 0.5 && pause <= whole)
            #expect(pause == policy.pause(after: attempt, seed: 5))
            #expect(pause != policy.pause(after: attempt, seed: 6))
        }
        #expect(policy.pause(after: 1, seed: 5, requested: .seconds(30)) == .seconds(30))
        #expect(policy.pause(after: 1, seed: 5, requested: .seconds(9000)) == policy.longestRequestedPause)
        #expect(RetryPolicy.requestedPause(["retry-after": "2"]) == .seconds(2))
        #expect(RetryPolicy.requestedPause(["retry-after-ms": "1500", "retry-after": "2"]) == .milliseconds(1500))
        #expect(RetryPolicy.requestedPause(["retry-after": "86400"]) == .seconds(86_400))
        for odd in ["-1", "nan", "1e99", "Wed, 21 Oct 2015 07:28:00", "Wed, 99 Oct 2015 07:28:00 GMT", ""] {
            #expect(RetryPolicy.requestedPause(["retry-after": odd]) == nil, "\(odd)")
        }
        // A date, by the server's clock where it shows one; one that has passed asks for nothing.
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600), ("Thu, 31 Dec 2026 23:59:59 GMT", 1_798_761_599),
        ] {
            #expect(secondsOfHTTPDate(text) == seconds)
        }
        let date = "Wed, 21 Oct 2015 07:28:00 GMT"
        let earlier = ["retry-after": date, "date": "Wed, 21 Oct 2015 07:27:30 GMT"]
        #expect(RetryPolicy.requestedPause(earlier) == .seconds(30))
        #expect(RetryPolicy.requestedPause(["retry-after": date]) == .zero)
        let now = Date(timeIntervalSince1970: 1_445_412_480 - 86_400)
        #expect(RetryPolicy.requestedPause(["retry-after": date], now: now) == .seconds(86_400))
    }

    @Test func aBudgetOfAMinuteIsKeptTo() {
        var limit = RateLimit(perMinute: 60, now: .zero)
        for _ in 0..<60 { #expect(limit.take(1, now: .zero) == .zero) }
        #expect(limit.take(1, now: .zero) == .seconds(1))
        #expect(limit.take(1, now: .zero) == .seconds(2))
        #expect(limit.take(1, now: .seconds(3)) == .zero)
        limit.giveBack(30, now: .seconds(3))
        #expect(limit.take(30, now: .seconds(3)) == .zero)
        #expect(limit.take(1_000_000, now: .seconds(3)) == .seconds(60))
    }

    @Test func anEndpointThatIsDownIsTriedNowAndThenAndGivenUp() {
        var breaker = CircuitBreaker()
        for _ in 0..<breaker.tolerated {
            #expect(breaker.admission(now: .zero) == .open)
            breaker.fail(now: .zero)
        }
        #expect(breaker.admission(now: .zero) == .wait(.seconds(15)))
        #expect(breaker.admission(now: .seconds(15)) == .open)
        #expect(breaker.admission(now: .seconds(15)) == .wait(.milliseconds(500)), "one trial at a time")
        breaker.succeed()
        #expect(breaker.admission(now: .seconds(15)) == .open)
        for _ in 0..<breaker.tolerated { breaker.fail(now: .seconds(20)) }
        var now = Duration.seconds(20)
        var trials = 0
        while true {
            switch breaker.admission(now: now) {
            case .open:
                breaker.fail(now: now)
                trials += 1
            case .wait(let pause): now += pause
            case .givenUp:
                #expect(trials == breaker.trials)
                return
            }
        }
    }
}
