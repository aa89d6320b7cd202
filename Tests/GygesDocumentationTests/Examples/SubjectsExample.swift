import GygesStudy
import GygesSubjects
import Testing

@Suite struct SubjectsExample {
    let file = demoStudy

    @Test func simulatesAPersona() async throws {
        let study = try Study.load(file)
        for persona in Persona.shipped where persona.name == "faker" {
            let simulation = try StudySimulation(study, persona: persona)
            let result = await simulation.run(studies: 20, seed: 1)
            print(result.persona, result.trueGap, result.verdicts)
        }
    }
}
