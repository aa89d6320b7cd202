import GygesFiles

extension GGUFFile {
    /// A tensor's description before its place is known to be sound.
    private struct Info {
        var name: String
        var dimensions: [Int]
        var type: GGUFTensorType
        var byteCount: Int
        var offset: UInt64
    }

    /// Reads the tensor descriptions and checks them against each other and the file's size.
    static func readTensors(
        _ reader: inout ByteReader, count: Int, alignment: Int, part: Int
    ) throws(FileError) -> [GGUFTensor] {
        var infos: [Info] = []
        var problems: [String] = []
        var unknown: [UInt32: (count: Int, first: String)] = [:]
        for _ in 0..<count {
            if let info = try readInfo(&reader, problems: &problems, unknown: &unknown) { infos.append(info) }
        }
        guard problems.isEmpty else { throw refusal(reader.path, problems) }
        guard unknown.isEmpty else {
            let types = unknown.sorted { $0.key < $1.key }
            throw FileError(
                reader.path, at: "tensor descriptions",
                "\(types.reduce(0) { $0 + $1.value.count }) of \(count) tensors are stored as "
                    + types.prefix(4).map { "\(GGUFTensorType.description(of: $0.key))" }.joined(separator: " or ")
                    + (types.count > 4 ? " and more" : "") + " (the first is \(types[0].value.first))",
                remedy: "Get the model in another form, such as Q4_K_M, Q6_K or Q8_0.")
        }

        let (dataStart, overflow) = aligned(reader.position, to: alignment)
        guard !overflow, dataStart <= reader.bytes.count || infos.isEmpty else {
            throw reader.truncated("the padding before the tensor data")
        }
        var tensors: [GGUFTensor] = []
        var names: Set<String> = []
        // The data must be the tensors one after another, each padded to the alignment: nothing hidden between them.
        var expected = 0
        for info in infos {
            if !names.insert(info.name).inserted { problems.append("tensor \(info.name) stands twice") }
            guard let offset = Int(exactly: info.offset), offset == expected else {
                problems.append("tensor \(info.name) begins at \(info.offset) of the data; \(expected) is expected")
                break
            }
            let (end, overflows) = (dataStart + offset).addingReportingOverflow(info.byteCount)
            guard !overflows, end <= reader.bytes.count else {
                problems.append("tensor \(info.name) reaches beyond the end of the file")
                break
            }
            tensors.append(
                GGUFTensor(
                    name: info.name, dimensions: info.dimensions, type: info.type,
                    byteRange: (dataStart + offset)..<end, part: part))
            expected = aligned(offset + info.byteCount, to: alignment).value
        }
        guard problems.isEmpty else { throw refusal(reader.path, problems) }
        return tensors
    }

    private static func readInfo(
        _ reader: inout ByteReader, problems: inout [String], unknown: inout [UInt32: (count: Int, first: String)]
    ) throws(FileError) -> Info? {
        let name = try reader.string("a tensor's name", limit: 64)
        let dimensionCount: UInt32 = try reader.integer("the dimensions of \(name)")
        guard (1...4).contains(dimensionCount) else {
            throw reader.fault("tensor \(name) has \(dimensionCount) dimensions; 1 to 4 are allowed")
        }
        var dimensions: [Int] = []
        var elementCount = 1
        var isSound = !name.isEmpty
        if name.isEmpty { problems.append("a tensor has no name") }
        for _ in 0..<dimensionCount {
            let raw: UInt64 = try reader.integer("the dimensions of \(name)")
            let dimension = Int(exactly: raw) ?? 0
            let (product, overflow) = elementCount.multipliedReportingOverflow(by: dimension)
            if dimension == 0 || overflow {
                problems.append("tensor \(name) has the dimension \(raw)")
                isSound = false
            }
            dimensions.append(dimension)
            elementCount = overflow ? 0 : product
        }
        let rawType: UInt32 = try reader.integer("the type of \(name)")
        let offset: UInt64 = try reader.integer("the offset of \(name)")
        guard let type = GGUFTensorType(rawValue: rawType) else {
            unknown[rawType, default: (0, name)].count += 1
            return nil
        }
        guard isSound else { return nil }
        guard dimensions[0] % type.blockLength == 0 else {
            problems.append("tensor \(name) has rows of \(dimensions[0]), not whole blocks of \(type.blockLength)")
            return nil
        }
        let (byteCount, overflow) = (elementCount / type.blockLength).multipliedReportingOverflow(
            by: type.blockByteCount)
        guard !overflow, byteCount <= Int.max - (2 << 20) else {
            problems.append("tensor \(name) has more bytes than can be counted")
            return nil
        }
        return Info(name: name, dimensions: dimensions, type: type, byteCount: byteCount, offset: offset)
    }

    private static func aligned(_ value: Int, to alignment: Int) -> (value: Int, overflow: Bool) {
        let (sum, overflow) = value.addingReportingOverflow(alignment - 1)
        return (overflow ? value : sum & ~(alignment - 1), overflow)
    }

    private static func refusal(_ path: String, _ problems: [String]) -> FileError {
        FileError(
            path, at: "tensor descriptions", problems: problems,
            remedy: "The file is damaged or incomplete; get it again.")
    }
}
