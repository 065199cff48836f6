import Foundation
import struct Timetable.Minute
@testable import Depot

/// A line of the network.
public protocol Route: AnyObject {
    associatedtype Stop
    var number: Int { get }
    func stops(after stop: Stop) -> [Stop]
    init(number: Int)
}

typealias Passengers = [String]

let fastestKmh = 70
public var delays: [Int] = [], notes = ""

/// Which way a tram goes.
enum Direction: String, CaseIterable {
    case inbound
    case outbound = "out", loop
    indirect case via(stop: String, Direction)

    var opposite: Direction {
        switch self {
        case .inbound: return .outbound
        default: return .inbound
        }
    }
}

struct Ticket<Zone>: Codable where Zone: Hashable {
    let zone: Zone
    private(set) var isValid = true
    static let price = 2.80

    /// Makes it void.
    mutating func stamp(at minute: Minute) throws -> Bool {
        let before = isValid
        func log(_ text: String) { print(text) }
        isValid = false
        log("stamped")
        return before
    }

    subscript(index: Int) -> Int { index }
}

@objc
open class Tram: Vehicle, Route {
    public let number: Int
    weak var driver: Driver?
    lazy var doors: [Door] = { makeDoors() }()

    /* Begins its day in the depot. */
    public required init(number: Int) {
        self.number = number
        super.init(kind: .rail)
    }

    deinit {
        driver?.goHome()
    }

    @discardableResult
    func board(_ people: Passengers, with ticket: Ticket<String>) async -> Int {
        await people.count.store()
        return Depot.shared.count(people)
    }

    class func empty() -> Tram { Tram(number: 0) }
}

extension Tram: CustomStringConvertible {
    /// What the sign says.
    var description: String { "tram \(number)" }

    func ring() {}
}

actor Signal {
    func turnGreen() {}
}

infix operator <->

func <-> (left: Tram, right: Tram) -> Bool {
    left.number == right.number
}

public func depart(_ tram: Tram) {
    tram.ring()
}
