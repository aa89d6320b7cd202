import Foundation
import PackagePlugin

/// Writes the commit of the sources into the program that is built from them, before every build: `Context.gitInformation` of a
/// manifest is read once and kept, so that it names a commit of before.
@main
struct BuiltCommit: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = context.pluginWorkDirectoryURL.appending(path: "Sources")
        // Without git, or outside of a repository, the commit is empty. The file stays as it is where nothing has changed.
        let script = """
            cd "$0" && commit=$(git rev-parse HEAD 2>/dev/null) || commit=
            [ -z "$commit" ] || [ -z "$(git status --porcelain 2>/dev/null)" ] || commit="$commit+"
            mkdir -p "$1" && text="let builtCommit = \\"$commit\\""
            [ "$(cat "$1/BuiltCommit.swift" 2>/dev/null)" = "$text" ] || printf '%s\\n' "$text" > "$1/BuiltCommit.swift"
            """
        return [
            .prebuildCommand(
                displayName: "Noting the commit", executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", script, context.package.directoryURL.path, folder.path], outputFilesDirectory: folder)
        ]
    }
}
