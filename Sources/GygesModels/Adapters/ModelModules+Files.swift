import GygesCheckpoints
public import GygesFiles
public import GygesKernels

extension ModelModules {
    /// The layers of the model in a GGUF file or a Hugging Face folder, whose weights are only looked at as far as they say whether head
    /// and embedding are one.
    ///
    /// - Throws: ``FileError`` if there is no decoder or encoder.
    public init(path: String, team: ThreadTeam) throws(FileError) {
        guard isFolder(path) else {
            let file = try GGUFFile(path: path)
            let configuration = try CausalModelConfiguration(gguf: file)
            self.init(
                configuration, source: TensorSource(gguf: file),
                layout: configuration.architecture.pairsNeighboursInGGUF ? .pairs : .halves, team: team)
            return
        }
        try self.init(folder: try ModelFolder(path: path).tokenReader(), team: team)
    }

    /// The layers of the model in a folder of its own.
    init(folder: ModelFolder, team: ThreadTeam) throws(FileError) {
        let type = try folder.configurationJSON()["model_type"]?.string ?? ""
        guard EncoderFamily(rawValue: type) == nil else {
            self.init(try folder.encoderConfiguration(), hasHead: true)
            return
        }
        let source = try TensorSource(folder: folder)
        self.init(try folder.causalModelConfiguration(), source: source, layout: .halves, team: team)
    }

    private init(
        _ configuration: CausalModelConfiguration, source: TensorSource, layout: RotaryLayout, team: ThreadTeam
    ) {
        var configuration = configuration
        configuration.tiesEmbeddings = source.head(of: configuration, team: team).isTied
        self.init(configuration, layout: layout)
    }
}
