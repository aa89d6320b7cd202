import GygesFiles
import GygesKernels

/// A matrix of a file that products need packed.
struct UnpackedMatrix {
    var name: String
    var tensor: StoredTensor
    var layout: PanelLayout

    init(name: String, tensor: StoredTensor, precision: MatmulPrecision) {
        self.name = name
        self.tensor = tensor
        let (rows, columns) = tensor.matrixShape
        layout = PanelLayout(rows: rows, columns: columns, source: tensor.format, precision: precision)
    }
}

/// The packed form of all matrices: mapped from the copy that an earlier run left in a folder, or packed and left there,
/// or, where no folder can be used, packed in memory.
///
/// - Complexity: O(bytes) all ways, but mapping reads once what packing reads and writes.
func packedMatrices(
    _ matrices: [UnpackedMatrix], files: [MappedFile], packing: Packing, team: ThreadTeam
) -> [String: PackedMatrix] {
    if let folder = packing.folder {
        let file = PanelFile(folder: folder, matrices: matrices, files: files, progress: packing.progress)
        if let packed = file.read(team: team) ?? file.make(team: team) { return packed }
    }
    let total = matrices.reduce(0) { $0 + $1.layout.byteCount }
    // Together, because most matrices of an encoder are smaller than a large page.
    let memory = PanelMemory(byteCount: total)
    var packed: [String: PackedMatrix] = [:]
    var position = 0
    for matrix in matrices {
        let (tensor, layout) = (matrix.tensor, matrix.layout)
        let end = position + layout.byteCount
        let panels = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[position..<end])
        PackedMatrix.pack(tensor.bytes, as: layout, panels: 0..<layout.panelCount, into: panels, team: team)
        packed[matrix.name] = PackedMatrix(
            panels: UnsafeRawBufferPointer(panels), layout: layout, owner: memory)
        position = end
        packing.progress?(LoadingProgress(work: .packing, byteCount: end, totalByteCount: total))
        // Packed, the stored form only takes memory.
        tensor.owner.advise(.dontNeed, part: tensor.bytes)
    }
    return packed
}

/// Memory of the panels of many matrices.
private final class PanelMemory: Sendable {
    // Written before the matrices that own it are handed out, and only read from then on.
    nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) { bytes = allocateForStreaming(byteCount: byteCount) }

    deinit { bytes.deallocate() }
}

/// The packed matrices of a model in a file, so that starting a program does not wait for packing.
///
/// The file is the panels one matrix after another, then a checksum of every mebibyte, then the key. Places and sizes
/// follow from the model, and nothing is believed that the file says: a file of another size or key, or in which a
/// single bit has changed, is made again. The key is the SHA-256 of everything that decides the panels: their layout's
/// version, and of the source the size, the time of change, all shapes and formats, and samples of every tensor.
struct PanelFile {
    /// Where the file lies.
    let path: String
    private let folder: String
    private let matrices: [UnpackedMatrix]
    private let files: [MappedFile]
    /// 64 hexadecimal digits.
    private let key: [UInt8]
    private let panelByteCount: Int
    private let progress: (@Sendable (LoadingProgress) -> Void)?

    init(
        folder: String, matrices: [UnpackedMatrix], files: [MappedFile],
        progress: (@Sendable (LoadingProgress) -> Void)? = nil
    ) {
        self.folder = folder
        self.progress = progress
        self.matrices = matrices
        self.files = files
        panelByteCount = matrices.reduce(0) { $0 + $1.layout.byteCount }
        let contents = Digest.sha256(
            matrices.map { matrix in
                let layout = matrix.layout
                return "\(matrix.name) \(layout.rows) \(layout.columns) \(layout.name) "
                    + matrix.tensor.sampleDigest
            }.joined(separator: "\n"))
        // A sample maps 16 pages of the file, which nobody may read again.
        for matrix in matrices { matrix.tensor.owner.advise(.dontNeed, part: matrix.tensor.bytes) }
        let state = files.map { "\($0.bytes.count) \($0.modificationTime)" }.joined(separator: "\n")
        // The name leaves out what changes when a model is fetched again or this program is replaced, so that the copy
        // that is of no more use is overwritten.
        path = "\(folder)/\(contents.prefix(32)).panels"
        key = Array(Digest.sha256("panels \(PanelLayout.version)\n\(contents)\n\(state)").utf8)
    }

    /// Whether the file would take no more room than the model itself, but for rounding.
    private var isSmall: Bool { panelByteCount <= files.reduce(1 << 20) { $0 + $1.bytes.count } }

    private var checksumCount: Int { (panelByteCount + checksumPartLength - 1) / checksumPartLength }
    private var byteCount: Int { panelByteCount + checksumCount * 8 + key.count }

    /// The matrices of the file; `nil` if there is none, or not an undamaged one of this model.
    ///
    /// - Parameter reports: Whether progress is told; not where packing has just told its own.
    func read(team: ThreadTeam, reports: Bool = true) -> [String: PackedMatrix]? {
        guard let file = try? MappedFile(path: path), file.bytes.count == byteCount else { return nil }
        defer { withExtendedLifetime(file) {} }
        let bytes = file.bytes
        guard bytes.suffix(key.count).elementsEqual(key) else { return nil }
        file.advise(.largePages)
        let panels = UnsafeRawBufferPointer(rebasing: bytes[..<panelByteCount])
        // By parts, because a copy that is not in memory yet takes its disk's time to read.
        for start in stride(from: 0, to: panelByteCount, by: 64 * checksumPartLength) {
            let end = min(panelByteCount, start + 64 * checksumPartLength)
            let sums = checksums(of: UnsafeRawBufferPointer(rebasing: panels[start..<end]), team: team)
            for (index, sum) in sums.enumerated() {
                let place = panelByteCount + (start / checksumPartLength + index) * 8
                guard UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)) == sum else {
                    return nil
                }
            }
            if reports {
                progress?(LoadingProgress(work: .reading, byteCount: end, totalByteCount: panelByteCount))
            }
        }
        var packed: [String: PackedMatrix] = [:]
        packed.reserveCapacity(matrices.count)
        var position = 0
        for matrix in matrices {
            let end = position + matrix.layout.byteCount
            packed[matrix.name] = PackedMatrix(
                panels: UnsafeRawBufferPointer(rebasing: panels[position..<end]), layout: matrix.layout, owner: file)
            position = end
        }
        return packed
    }

    /// Packs the matrices into the file and reads it; `nil` if another process is doing that or the folder cannot be used.
    func make(team: ThreadTeam) -> [String: PackedMatrix]? {
        guard isSmall, let lock = PanelFolderLock(folder, roomFor: byteCount) else { return nil }
        defer { withExtendedLifetime(lock) {} }
        do {
            try AtomicFile.write(to: path, survivesPowerLoss: false) { output throws(FileError) in
                try write(to: output, team: team)
            }
        } catch {
            return nil
        }
        return read(team: team, reports: false)
    }

    /// Writes in whole large pages, because a file system that can will then keep them as such in memory.
    private func write(to output: borrowing AtomicFile.Output, team: ThreadTeam) throws(FileError) {
        let unit = 4 * (2 << 20)
        let largestPanel = matrices.map(\.layout.panelByteCount).max() ?? 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: unit + largestPanel, alignment: 64)
        defer { buffer.deallocate() }
        var filled = 0
        var written = 0
        var sums: [UInt64] = []
        func flush(_ count: Int) throws(FileError) {
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            sums += checksums(of: part, team: team)
            try output.append(part)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[count..<filled]))
            filled -= count
            written += count
            progress?(LoadingProgress(work: .packing, byteCount: written, totalByteCount: panelByteCount))
        }
        for matrix in matrices {
            let layout = matrix.layout
            var panel = 0
            while panel < layout.panelCount {
                let room = max(1, (buffer.count - filled) / layout.panelByteCount)
                let panels = panel..<min(layout.panelCount, panel + room)
                let end = filled + panels.count * layout.panelByteCount
                PackedMatrix.pack(
                    matrix.tensor.bytes, as: layout, panels: panels,
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<end]), team: team)
                filled = end
                panel = panels.upperBound
                if filled >= unit { try flush(unit) }
            }
            matrix.tensor.owner.advise(.dontNeed, part: matrix.tensor.bytes)
        }
        try flush(filled)
        try output.append(sums.flatMap { sum in withUnsafeBytes(of: sum.littleEndian) { Array($0) } })
        try output.append(key)
    }
}

extension StoredTensor {
    /// Tells two models of one shape apart: a digest of some bytes at the start, in the middle and at the end.
    fileprivate var sampleDigest: String {
        let length = min(64, bytes.count)
        var sample: [UInt8] = []
        for start in [0, (bytes.count - length) / 2, bytes.count - length] { sample += bytes[start..<start + length] }
        return sample.withUnsafeBytes { Digest.sha256($0) }
    }
}
