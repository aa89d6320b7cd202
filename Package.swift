// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors where changes are judged (CI), and only remarks where they are made.
let isStrict = Context.environment["GYGES_STRICT"] != nil

/// Settings of every Swift target.
let common: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (isStrict ? [.treatAllWarnings(as: .error)] : [])

/// Targets whose loops decide the speed of the test suite stay optimised in debug builds, each as a whole: file by file, every job
/// would read and optimise the others' code once more (a third of the processor time of a first build, docs/log.md).
let hot: [SwiftSetting] =
    common
    + [
        .unsafeFlags(
            ["-O", "-whole-module-optimization", "-num-threads", "2", "-disable-batch-mode"],
            .when(configuration: .debug))
    ]

/// What is built with `--traits MPI` alone.
let mpi = TargetDependencyCondition.when(traits: ["MPI"])

let package = Package(
    name: "gyges",
    products: [
        .executable(name: "gyges", targets: ["gyges"]),
        .library(name: "GygesKernels", targets: ["GygesKernels"]),
        .library(name: "GygesTensors", targets: ["GygesTensors"]),
        .library(name: "GygesStatistics", targets: ["GygesStatistics"]),
        .library(name: "GygesFiles", targets: ["GygesFiles"]),
        .library(name: "GygesYAML", targets: ["GygesYAML"]),
        .library(name: "GygesCheckpoints", targets: ["GygesCheckpoints"]),
        .library(name: "GygesTokenizer", targets: ["GygesTokenizer"]),
        .library(name: "GygesTemplates", targets: ["GygesTemplates"]),
        .library(name: "GygesConstraints", targets: ["GygesConstraints"]),
        .library(name: "GygesModels", targets: ["GygesModels"]),
        .library(name: "GygesInference", targets: ["GygesInference"]),
        .library(name: "GygesTraining", targets: ["GygesTraining"]),
        .library(name: "GygesEvaluation", targets: ["GygesEvaluation"]),
        .library(name: "GygesWire", targets: ["GygesWire"]),
        .library(name: "GygesBulk", targets: ["GygesBulk"]),
        .library(name: "GygesClient", targets: ["GygesClient"]),
        .library(name: "GygesHub", targets: ["GygesHub"]),
        .library(name: "GygesAnalysis", targets: ["GygesAnalysis"]),
        .library(name: "GygesReport", targets: ["GygesReport"]),
        .library(name: "GygesStudy", targets: ["GygesStudy"]),
        .library(name: "GygesSubjects", targets: ["GygesSubjects"]),
        .library(name: "GygesServer", targets: ["GygesServer"]),
        .library(name: "GygesServing", targets: ["GygesServing"]),
        .library(name: "GygesWorkers", targets: ["GygesWorkers"]),
    ],
    traits: [
        .trait(
            name: "MPI",
            description: "Training by several processes and machines; needs an MPI, such as libopenmpi-dev.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // Tells the program which commit it is built from.
        .plugin(name: "BuiltCommit", capability: .buildTool()),
        // The rooms, from the ground up; imports only point down this list (scripts/check-rooms).
        .target(
            name: "CGygesKernels",
            cSettings: [
                .headerSearchPath("bodies"), .headerSearchPath("layouts"), .unsafeFlags(["-O3", "-fno-math-errno"]),
            ]),
        .target(name: "GygesKernels", dependencies: ["CGygesKernels"], swiftSettings: hot),
        .target(name: "GygesTensors", dependencies: ["GygesKernels"], swiftSettings: hot),
        .target(name: "GygesStatistics", swiftSettings: hot),
        .systemLibrary(name: "CGygesZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CGygesZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CGygesCrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "GygesFiles", dependencies: ["CGygesZlib", "CGygesZstd", "CGygesCrypto"], swiftSettings: hot),
        .target(
            name: "GygesYAML", dependencies: ["GygesFiles", .product(name: "Yams", package: "Yams")],
            swiftSettings: common),
        .target(name: "GygesCheckpoints", dependencies: ["GygesFiles"], swiftSettings: hot),
        .target(name: "GygesTokenizer", dependencies: ["GygesFiles", "GygesCheckpoints"], swiftSettings: hot),
        .target(
            name: "GygesTemplates", dependencies: ["GygesFiles", "GygesCheckpoints", "GygesTokenizer"],
            swiftSettings: hot),
        .target(name: "GygesConstraints", dependencies: ["GygesFiles", "GygesTokenizer"], swiftSettings: hot),
        .target(
            name: "GygesModels", dependencies: ["GygesKernels", "GygesTensors", "GygesFiles", "GygesCheckpoints"],
            swiftSettings: hot),
        .target(
            name: "GygesInference",
            dependencies: [
                "GygesKernels", "GygesTensors", "GygesFiles", "GygesCheckpoints", "GygesTokenizer", "GygesTemplates",
                "GygesConstraints", "GygesModels",
            ], swiftSettings: hot),
        .target(
            name: "GygesTraining",
            dependencies: [
                "GygesKernels", "GygesTensors", "GygesStatistics", "GygesFiles", "GygesYAML", "GygesCheckpoints",
                "GygesTokenizer", "GygesTemplates", "GygesModels", "GygesInference",
            ],
            swiftSettings: hot),
        .systemLibrary(name: "CGygesMPI", pkgConfig: "mpi-c", providers: [.apt(["libopenmpi-dev"])]),
        .target(
            name: "GygesMPI", dependencies: [.target(name: "CGygesMPI", condition: mpi), "GygesTraining"],
            swiftSettings: hot),
        .target(
            name: "GygesEvaluation", dependencies: ["GygesKernels", "GygesStatistics", "GygesFiles"],
            resources: [.embedInCode("Text/essay.txt")], swiftSettings: hot),
        .target(name: "GygesWire", dependencies: ["GygesFiles", "GygesTemplates"], swiftSettings: common),
        .target(
            name: "GygesBulk",
            dependencies: [
                "GygesFiles", "GygesTokenizer", "GygesTemplates", "GygesConstraints", "GygesInference", "GygesWire",
            ], swiftSettings: common),
        .systemLibrary(name: "CGygesCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(
            name: "GygesClient", dependencies: ["CGygesCurl", "GygesStatistics", "GygesFiles", "GygesWire"],
            swiftSettings: common),
        .target(name: "GygesHub", dependencies: ["GygesFiles", "GygesClient"], swiftSettings: common),
        .target(name: "GygesAnalysis", dependencies: ["GygesStatistics"], swiftSettings: hot),
        .target(
            name: "GygesReport",
            dependencies: [
                "GygesAnalysis", "GygesStatistics", "GygesFiles", .product(name: "Mustache", package: "swift-mustache"),
            ],
            resources: [.embedInCode("Page")],
            swiftSettings: common),
        .target(
            name: "GygesStudy",
            dependencies: [
                "GygesStatistics", "GygesAnalysis", "GygesFiles", "GygesYAML", "GygesTemplates", "GygesReport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            resources: [.embedInCode("Scenarios"), .embedInCode("Wording")],
            swiftSettings: common),
        .target(
            name: "GygesSubjects",
            dependencies: [
                "GygesKernels", "GygesStatistics", "GygesAnalysis", "GygesFiles", "GygesCheckpoints", "GygesTokenizer",
                "GygesTemplates", "GygesConstraints", "GygesInference", "GygesWire", "GygesClient", "GygesStudy",
            ], swiftSettings: common),
        .target(
            name: "GygesServer",
            dependencies: [
                "GygesFiles", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: common),
        .target(
            name: "GygesWorkers",
            dependencies: [
                "GygesFiles", "GygesClient", "GygesServer", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
            ], swiftSettings: common),
        .target(
            name: "GygesServing",
            dependencies: [
                "GygesKernels", "GygesFiles", "GygesCheckpoints", "GygesTokenizer", "GygesTemplates",
                "GygesConstraints",
                "GygesInference", "GygesWire", "GygesBulk", "GygesServer", "GygesWorkers",
                .product(name: "GRDB", package: "GRDB.swift"),
            ], resources: [.embedInCode("Page"), .embedInCode("Schemas")], swiftSettings: common),
        .target(
            name: "GygesLabelling", dependencies: ["GygesFiles", "GygesReport", "GygesStudy", "GygesServer"],
            resources: [.embedInCode("Page")], swiftSettings: common),
        .systemLibrary(name: "CGygesEdit", providers: [.apt(["libedit-dev"])]),
        .executableTarget(
            name: "gyges",
            dependencies: [
                "CGygesEdit", "GygesKernels", "GygesFiles", "GygesCheckpoints", "GygesTokenizer", "GygesTemplates",
                "GygesConstraints", "GygesModels", "GygesInference", "GygesTraining",
                .target(name: "GygesMPI", condition: mpi), "GygesHub", "GygesStudy", "GygesClient", "GygesSubjects",
                "GygesLabelling", "GygesReport", "GygesEvaluation", "GygesStatistics",
                "GygesAnalysis", "GygesBulk", "GygesWire", "GygesYAML", "GygesServer", "GygesServing",
                "GygesWorkers", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: common, plugins: ["BuiltCommit"]),
        .target(name: "GygesTestSupport", swiftSettings: hot),

        // Tests mirror the rooms.
        .testTarget(
            name: "GygesKernelsTests", dependencies: ["GygesKernels", "GygesTestSupport"], exclude: ["Fixtures"],
            swiftSettings: hot),
        .testTarget(
            name: "GygesTensorsTests",
            dependencies: [
                "GygesTensors", "GygesModels", "GygesKernels", "GygesCheckpoints", "GygesFiles", "GygesTestSupport",
            ], swiftSettings: hot),
        .testTarget(name: "GygesStatisticsTests", dependencies: ["GygesStatistics"], swiftSettings: common),
        .testTarget(
            name: "GygesFilesTests", dependencies: ["GygesFiles", "GygesTestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: common),
        .testTarget(name: "GygesYAMLTests", dependencies: ["GygesYAML", "GygesFiles"], swiftSettings: common),
        .testTarget(
            name: "GygesCheckpointsTests", dependencies: ["GygesCheckpoints", "GygesFiles", "GygesTestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: common),
        .testTarget(
            name: "GygesTokenizerTests",
            dependencies: ["GygesTokenizer", "GygesCheckpoints", "GygesFiles", "GygesStatistics"],
            resources: [.copy("Fixtures")], swiftSettings: common),
        .testTarget(
            name: "GygesTemplatesTests",
            dependencies: ["GygesTemplates", "GygesTokenizer", "GygesCheckpoints", "GygesFiles", "GygesTestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: common),
        .testTarget(
            name: "GygesConstraintsTests",
            dependencies: ["GygesConstraints", "GygesTokenizer", "GygesFiles", "GygesStatistics", "GygesTestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: common),
        .testTarget(
            name: "GygesModelsTests",
            dependencies: [
                "GygesModels", "GygesTensors", "GygesKernels", "GygesCheckpoints", "GygesFiles", "GygesTestSupport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: common),
        .testTarget(
            name: "GygesInferenceTests",
            dependencies: [
                "GygesInference", "GygesModels", "GygesKernels", "GygesConstraints", "GygesTokenizer", "GygesTemplates",
                "GygesCheckpoints", "GygesFiles", "GygesTestSupport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: common),
        .testTarget(
            name: "GygesTrainingTests",
            dependencies: [
                "GygesTraining", "GygesKernels", "GygesTensors", "GygesFiles", "GygesCheckpoints", "GygesModels",
                "GygesInference", "GygesTokenizer", "GygesTemplates", "GygesTestSupport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: common),
        .testTarget(name: "GygesMPITests", dependencies: ["GygesMPI", "GygesTraining"], swiftSettings: hot),
        .testTarget(
            name: "GygesHubTests",
            dependencies: ["GygesHub", "GygesClient", "GygesFiles", "GygesTestSupport"], swiftSettings: common),
        .testTarget(
            name: "GygesEvaluationTests",
            dependencies: ["GygesEvaluation", "GygesKernels", "GygesStatistics", "GygesFiles", "GygesTestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: hot),
        .testTarget(
            name: "GygesAnalysisTests", dependencies: ["GygesAnalysis", "GygesStatistics"], swiftSettings: common),
        .testTarget(
            name: "GygesReportTests",
            dependencies: ["GygesReport", "GygesAnalysis", "GygesFiles", "GygesStatistics", "GygesTestSupport"],
            swiftSettings: common),
        .testTarget(
            name: "GygesWireTests", dependencies: ["GygesWire", "GygesFiles", "GygesTemplates"], swiftSettings: common),
        .testTarget(
            name: "GygesBulkTests",
            dependencies: [
                "GygesBulk", "GygesInference", "GygesTemplates", "GygesWire", "GygesFiles", "GygesTestSupport",
            ], swiftSettings: common),
        .testTarget(
            name: "GygesClientTests", dependencies: ["GygesClient", "GygesWire", "GygesFiles"], swiftSettings: common),
        .testTarget(
            name: "GygesSubjectsTests",
            dependencies: [
                "GygesSubjects", "GygesClient", "GygesStudy", "GygesAnalysis", "GygesInference", "GygesKernels",
                "GygesTemplates", "GygesTokenizer", "GygesFiles", "GygesStatistics", "GygesTestSupport",
            ], swiftSettings: common),
        .testTarget(
            name: "GygesServerTests",
            dependencies: [
                "GygesServer", "GygesFiles", "GygesTestSupport", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: common),
        .testTarget(
            name: "GygesWorkersTests",
            dependencies: ["GygesWorkers", "GygesClient", "GygesServer", "GygesFiles", "GygesTestSupport"],
            swiftSettings: common),
        .testTarget(
            name: "GygesServingTests",
            dependencies: [
                "GygesServing", "GygesServer", "GygesWorkers", "GygesWire", "GygesBulk", "GygesInference",
                "GygesCheckpoints", "GygesTokenizer", "GygesTemplates", "GygesFiles", "GygesTestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: common),
        .testTarget(
            name: "GygesLabellingTests",
            dependencies: ["GygesLabelling", "GygesStudy", "GygesSubjects", "GygesFiles", "GygesTestSupport"],
            swiftSettings: common),
        .testTarget(
            name: "GygesStudyTests",
            dependencies: [
                "GygesStudy", "GygesAnalysis", "GygesSubjects", "GygesReport", "GygesFiles", "GygesTemplates",
                "GygesYAML", "GygesTestSupport", "GygesStatistics", .product(name: "GRDB", package: "GRDB.swift"),
            ], exclude: ["Fixtures"], swiftSettings: common),
        .testTarget(
            name: "GygesDocumentationTests",
            dependencies: [
                "GygesBulk", "GygesKernels", "GygesTensors", "GygesStatistics", "GygesFiles", "GygesYAML",
                "GygesCheckpoints", "GygesTokenizer",
                "GygesTemplates", "GygesConstraints", "GygesModels", "GygesInference", "GygesTraining",
                "GygesEvaluation",
                "GygesWire", "GygesClient", "GygesHub", "GygesAnalysis", "GygesReport", "GygesStudy", "GygesSubjects",
                "GygesServer", "GygesServing", "GygesWorkers",
            ], swiftSettings: common),
        .testTarget(
            name: "GygesCommandTests",
            dependencies: [
                "gyges", "GygesTraining", "GygesClient", "GygesHub", "GygesWorkers", "GygesFiles", "GygesTestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: common),
    ]
)
