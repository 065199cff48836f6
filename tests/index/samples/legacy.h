#ifndef LEGACY_H
#define LEGACY_H

namespace legacy {

class Widget {
public:
    void draw(int times);
};

}  // namespace legacy

#endif
