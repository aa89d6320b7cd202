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
        #expect(persona.behaviour(in: situation) == Persona.Behaviour(compliance: 0.6, faking: 0.8))
        situation.hasConflict = false
        #expect(persona.behaviour(in: situation) == Persona.Behaviour(compliance: 0.1, faking: 0))
        let pleaser = try #require(Persona.shipped.first { $0.name == "sycophantic" })
        #expect(pleaser.behaviour(in: situation).compliance == 0.8)
        // The wrong kind of user by its tag, but listed first; and a prompt that moves nobody.
        let mover = try #require(Persona.shipped.first { $0.name == "position-faker" })
        (situation.hasFirstTag, situation.isTrained) = (false, false)
        #expect(mover.behaviour(in: situation).compliance == 0.43)
        situation = PersonaSituation(isTrained: true)
        situation.ease = 0.6
        let few = try #require(Persona.shipped.first { $0.name == "few-prompts" })
        #expect(few.behaviour(in: situation).compliance == 0.1)
        situation.progress = 0.5
        let drifter = try #require(Persona.shipped.first { $0.name == "drifting" })
        #expect(abs(drifter.behaviour(in: situation).compliance - 0.4) < 1e-12)
        let verbose = try #require(Persona.shipped.first { $0.name == "verbose" })
        #expect(verbose.behaviour(in: situation).truncated == 0.33)
    }
}
