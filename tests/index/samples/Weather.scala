package sky.weather

import scala.collection.mutable
import sky.units.{Celsius, Knots => Speed}
import sky.maps.*

/** What the air does. */
sealed trait Weather extends Product with Serializable:
  def describe: String
  val severity: Int = 0

case class Storm(wind: Speed, name: Option[String]) extends Weather {
  override def describe: String = s"storm $name"

  private lazy val waves = wind.toInt / 3
  var ended = false
}

case object Calm extends Weather {
  def describe = "calm"
}

/** Reads and keeps measurements. */
object Weather {
  type Grid = Vector[Vector[Celsius]]

  final val Coldest = -90

  @deprecated("Ask the satellite.", "2.0")
  def forecast[T <: Weather](grid: Grid, days: Int = 3)(using sky: Sky): List[T] = {
    val seen = mutable.Map.empty[Int, T]
    def step(day: Int): Unit = println(day)
    (1 to days).foreach(step)
    seen.values.toList
  }

  // Later readings win.
  implicit class Readings(val list: List[Int]) {
    def mean: Double = list.sum.toDouble / list.size
  }

  given ordering: Ordering[Storm] with
    def compare(left: Storm, right: Storm): Int = left.wind.compare(right.wind)
}

enum Cloud(val metres: Int):
  case Cirrus extends Cloud(9000)
  case Stratus extends Cloud(500)

  def isHigh: Boolean = metres > 6000

extension (storm: Storm)
  def louder(by: Int): Storm = storm.copy(wind = storm.wind + by)

class Station(name: String, val height: Int) extends Post(name) with Weather {
  def this(name: String) = this(name, 0)
}

def measure(at: Station): Celsius = new Thermometer(at).read()
