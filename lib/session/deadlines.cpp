#include "session/deadlines.hpp"

namespace netcopy {

void Deadlines::put(std::size_t place, Entry entry) {
    heap_[place] = entry;
    places_[entry.index] = place;
}

void Deadlines::rise(std::size_t place, Entry entry) {
    while (place > 0) {
        const std::size_t parent = (place - 1) / 2;
        if (heap_[parent].time <= entry.time) break;
        put(place, heap_[parent]);
        place = parent;
    }
    put(place, entry);
}

void Deadlines::sink(std::size_t place, Entry entry) {
    for (;;) {
        std::size_t child = 2 * place + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1].time < heap_[child].time) ++child;
        if (entry.time <= heap_[child].time) break;
        put(place, heap_[child]);
        place = child;
    }
    put(place, entry);
}

void Deadlines::set(Index index, Time time) {
    if (index >= places_.size()) places_.resize(index + 1, nowhere);
    const std::size_t place = places_[index];
    if (place == nowhere) {
        if (time == Time::max()) return;
        heap_.push_back({});
        return rise(heap_.size() - 1, {time, index});
    }
    if (time != Time::max()) {
        const Time before = heap_[place].time;
        return time < before ? rise(place, {time, index}) : sink(place, {time, index});
    }
    places_[index] = nowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size()) return;
    const Time gone = heap_[place].time;
    last.time < gone ? rise(place, last) : sink(place, last);
}

}  // namespace netcopy
