#include <vector>
#include "shape.hpp"

using std::string;
using Names = std::vector<string>;

namespace geometry::flat {

/// A point.
template <typename T>
struct Point {
    T x{}, y{};
    Point() = default;
    explicit Point(T value) : x(value) {}
    T length() const { return hypot(x, y); }
    Point &operator+=(const Point &other);
    friend bool operator==(const Point &a, const Point &b);
};

class Shape : public Base, private Mixin<Point<int>> {
public:
    Shape(const string &name);
    virtual ~Shape();
    virtual double area() const = 0;
    static Shape *make(int sides = 4);
    const string &name() const noexcept { return name_; }
    template <class Visitor> void accept(Visitor &&visitor) { visitor.template visit<int>(*this); }
    enum class Kind : int { Round, Square };

private:
    string name_;  ///< what it is called
    static int count;
};

Shape::Shape(const string &name) : name_(name) {}

Shape::~Shape() {}

const int limit = 3;

}  // namespace geometry::flat

int geometry::flat::Shape::count = 0;

namespace {
int hidden(int a) { return a; }
}

/* Makes one. */
geometry::flat::Shape *geometry::flat::Shape::make(int sides) {
    auto add = [](int a) { int inner = a; return inner; };
    auto point = std::make_unique<Point<int>>(1);
    return new Shape(std::to_string(add(sides)));
}

template <typename T>
Point<T> &Point<T>::operator+=(const Point<T> &other) {
    return *this;
}

template <typename T> concept Small = sizeof(T) < 4;
