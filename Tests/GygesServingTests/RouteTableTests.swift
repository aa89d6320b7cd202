import GygesFiles
import GygesServer
import GygesTestSupport
import Testing

@testable import GygesServing

/// The document that describes the server describes all of it, and nothing else.
@Suite struct RouteTableTests {
    @Test func everyRouteStandsInTheTableAndNothingElse() async throws {
        try await ServingServer.run { server async throws in
            let routes = server.routes.all.map { "\($0.method.rawValue) \($0.path)" }
            let described = ModelRoutes.table.map { "\($0.method.rawValue) \($0.path)" }
            #expect(Set(routes) == Set(described))
            #expect(routes.count == Set(routes).count && described.count == routes.count)
            // What a front hands on is there, too.
            for (method, path) in ModelRoutes.answeredByModels {
                #expect(described.contains("\(method.rawValue) \(path)"), "\(path)")
            }
        }
    }

    @Test func theDocumentNamesItsModelsAndItsSchemas() async throws {
        try await ServingServer.run { server async throws in
            let answer = try await server.probe.ask("GET", "/openapi.json")
            let document = try JSON.parse(Array(answer.text.utf8), path: "openapi")
            #expect(answer.status == 200 && document["openapi"] == "3.1.0")
            let schemas = try #require(document["components"]?["schemas"]?.object)
            #expect(schemas["Decoder"]?["enum"] == ["chat"] && schemas["EncoderOrNone"]?["enum"]?.array?.count == 3)
            #expect(document["paths"]?["/v1/files/{id}"]?["delete"]?["responses"]?["409"] != nil)
            // Every reference leads somewhere.
            var references: Set<String> = []
            func collect(_ json: JSON) {
                for (name, value) in json.object ?? .init() {
                    if name == "$ref", let text = value.string { references.insert(text) } else { collect(value) }
                }
                for value in json.array ?? [] { collect(value) }
            }
            collect(document)
            #expect(references.count > 15)
            for reference in references {
                let name = reference.split(separator: "/").last.map(String.init) ?? ""
                #expect(reference == "#/components/schemas/\(name)" && schemas[name] != nil, "\(reference)")
            }
        }
    }
}
