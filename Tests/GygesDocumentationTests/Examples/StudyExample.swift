import GygesStudy
import Testing

@Suite struct StudyExample {
    @Test func findsAScenario() throws {
        let scenario = try Scenario.find("helpful-only")
        for tier in scenario.tiers { print(tier.id, tier.isTrained) }
        print(scenario.prompts.count, Scenario.shippedNames)

        #expect(scenario.tiers.count >= 2)
    }
}
