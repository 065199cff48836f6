package com.example.store;

import static java.util.Objects.requireNonNull;
import java.util.*;
import java.util.function.Function;

/**
 * Keeps things.
 *
 * @param <T> what it keeps
 */
@Service
@SuppressWarnings({"unchecked"})
public abstract class Store<T extends Thing> extends Base<T> implements Closeable, Reader<T> {
    /** How many fit. */
    public static final int MOST = 10, LEAST = 1;
    private final Map<String, List<Thing>> things = new HashMap<>();
    @Inject private Clock clock; // tells the time

    public Store(@Named("x") String name) throws StoreException {
        super(name);
    }

    /** Finds one. */
    @Override
    public <R> Optional<R> find(String id, Function<T, R> map) throws IOException {
        int local = 1;
        Runnable run = () -> helper(local);
        things.values().forEach(this::check);
        return Optional.of(requireNonNull(map).apply((Wanted) null));
    }

    abstract void close();

    static class Inner {
        Inner() {}
    }

    enum Level {
        LOW, // quiet
        /** Loud. */
        HIGH(2) {
            int value() { return 3; }
        };

        private final int value;
    }

    record Point(int x, int y) implements Comparable<Point> {
        Point {
            check(x);
        }
    }
}

interface Reader<T> {
    int LIMIT = 3;

    T read();

    default void skip() {}
}

@interface Marker {
    String value() default "";
}
