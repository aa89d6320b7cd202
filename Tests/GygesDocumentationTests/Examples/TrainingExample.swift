import GygesKernels
import GygesTensors
import GygesTraining
import Testing

@Suite struct TrainingExample {
    @Test func makesAStep() throws {
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3)
        let gradient = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3)
        values.initialize(repeating: 1)
        gradient.initialize(repeating: 0.5)
        let gain = TrainedParameter(ParameterPath("norm.weight"), isVector: true, values: values, gradient: gradient)
        let settings = OptimizerSettings(rule: .stableAdamW(), learningRate: 1e-3)
        let optimizer = try Optimizer(settings, of: [gain], team: ThreadTeam())
        let step = try optimizer.step(learningRate: 1e-3)
        print(step.gradientNorm, values[0])

        #expect(abs(values[0] - 0.999) < 1e-6)
        values.deallocate()
        gradient.deallocate()
    }
}
