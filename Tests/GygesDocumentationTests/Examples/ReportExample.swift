import GygesReport
import GygesStatistics
import Testing

@Suite struct ReportExample {
    @Test func drawsACurve() {
        let points = [1024, 2048, 4096].map { length in
            CurveChart.Point(
                length: length, value: 0.9, interval: Proportion(successes: 18, count: 20).wilsonInterval())
        }
        let chart = CurveChart(
            title: "Needles found",
            panels: [.init(title: "single", unit: .share, lines: [.init(label: "a model", points: points)])])
        print(chart.file())

        #expect(chart.file().contains("<svg"))
    }
}
