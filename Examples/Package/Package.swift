// swift-tools-version: 6.2
import PackageDescription

// A package of its own that uses five of Gyges' libraries. Outside this repository the dependency is named by its address:
//     .package(url: "https://github.com/OWNER/gyges", from: "0.1.0")
let package = Package(
    name: "poll",
    dependencies: [.package(name: "gyges", path: "../..")],
    targets: [
        .executableTarget(
            name: "Poll",
            dependencies: ["GygesHub", "GygesInference", "GygesTemplates", "GygesConstraints", "GygesStatistics"].map {
                .product(name: $0, package: "gyges")
            })
    ]
)
