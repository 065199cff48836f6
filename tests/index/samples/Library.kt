@file:JvmName("LibraryKt")

package city.library

import kotlin.math.max
import city.people.Reader as Person
import city.shelves.*

/** How long a book may stay away. */
const val LOAN_DAYS = 28

typealias Shelf = List<Book>

var openToday: Boolean = true
    private set

/**
 * Something that can be lent.
 */
interface Lendable<out T> {
    val title: String
    fun lend(to: Person): T
}

sealed class Loan(open val days: Int) {
    object Forever : Loan(0)
    data class Short(override val days: Int, val reader: Person) : Loan(days)
}

enum class Genre(val code: Int) {
    /** Made up. */
    NOVEL(1),
    ATLAS(2) {
        override fun label() = "maps"
    };

    open fun label(): String = name.lowercase()
}

@Serializable
data class Book(override val title: String, var genre: Genre, pages: Int) : Lendable<Loan>, Comparable<Book> {
    private val readers = mutableListOf<Person>()
    lateinit var shelf: Shelf

    constructor(title: String) : this(title, Genre.NOVEL, 0)

    init {
        require(pages >= 0)
    }

    // Whoever comes first gets it.
    @Throws(NoSuchElementException::class)
    override fun lend(to: Person): Loan {
        val days = max(LOAN_DAYS, 1)
        fun later(extra: Int) = days + extra
        readers.add(to)
        return Loan.Short(later(0), to)
    }

    override fun compareTo(other: Book): Int = title.compareTo(other.title)

    val isLong: Boolean
        get() = pages > 500

    companion object {
        const val NONE = "none"
        fun parse(line: String): Book = Book(line.trim())
    }

    inner class Mark(val page: Int)
}

object Catalogue {
    fun find(title: String): Book? = null
}

fun interface Matcher {
    fun matches(book: Book): Boolean
}

annotation class Rare

fun <T : Any> Shelf.newest(by: (Book) -> T): Book? = firstOrNull()

suspend fun String.toBook() {
    Catalogue.find(this)?.lend(Person(this))
}
