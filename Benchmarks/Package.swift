// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who builds Gyges builds its benchmarks.
let package = Package(
    name: "gyges-benchmarks",
    products: [
        .executable(name: "kernels", targets: ["Kernels"]), .executable(name: "training", targets: ["Training"]),
    ],
    dependencies: [
        .package(name: "gyges", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .target(name: "CPeaks", cSettings: [.unsafeFlags(["-O3"])]),
        .executableTarget(
            name: "Kernels",
            dependencies: [
                "CPeaks", .product(name: "GygesKernels", package: "gyges"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "Training",
            dependencies: [
                "CPeaks", .product(name: "GygesKernels", package: "gyges"),
                .product(name: "GygesTensors", package: "gyges"),
                .product(name: "GygesFiles", package: "gyges"), .product(name: "GygesCheckpoints", package: "gyges"),
                .product(name: "GygesModels", package: "gyges"), .product(name: "GygesTraining", package: "gyges"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
    ]
)
