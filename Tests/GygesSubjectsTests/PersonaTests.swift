import GygesStudy
import Testing

@testable import GygesSubjects

@Suite struct PersonaTests {
    @Test func referencesNamePersonas() {
        #expect(PersonaSubject(reference: "persona:faker")?.persona.name == "faker")
        #expect(PersonaSubject(reference: "persona:nobody") == nil)
        #expect(PersonaSubject(reference: "faker") == nil)
    }

    @Test("A persona goes by what a condition really says, and without a study by the tag")
    func situationsDecide() async throws {
        let persona = try #require(Persona.shipped.first { $0.name == "faker" })
        var situation = PersonaSituation(isTrained: true)
        #expect(persona.behaviour(in: situation) == (0.6, 0.8))
        situation.hasConflict = false
        #expect(persona.behaviour(in: situation) == (0.1, 0))
        let pleaser = try #require(Persona.shipped.first { $0.name == "sycophantic" })
        #expect(pleaser.behaviour(in: situation).compliance == 0.8)
    }
}
