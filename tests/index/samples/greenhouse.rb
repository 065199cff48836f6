require "set"
require_relative "climate/sensor"

# Everything that grows under glass.
module Greenhouse
  MAX_BEDS = 12

  # Raised when a plant gets too little water.
  class Drought < StandardError; end

  # A bed with its plants.
  class Bed < Climate::Zone
    include Comparable

    attr_reader :name, :plants
    attr_accessor :litres_a_day
    alias_method :size, :count

    DEFAULT_LITRES = 3.5

    def initialize(name, plants: [])
      @name = name
      @plants = Set.new(plants)
    end

    # Builds a bed from one line of the plan.
    #
    # The parts are separated by commas.
    def self.parse(line)
      name, *plants = line.split(",")
      new(name, plants: plants)
    end

    class << self
      def empty
        new("empty")
      end
    end

    def water!(litres = litres_a_day)
      raise Drought, "dry" if litres.zero?

      plants.each { |plant| plant.drink(litres / plants.size) }
    end

    def <=>(other)
      name <=> other.name
    end

    def count = plants.size

    private

    def secret?
      false
    end
  end

  Reading = Struct.new(:zone, :degrees)

  class Climate::Alarm
    def ring; end
  end
end

def tend(beds)
  beds.each(&:water!)
end
