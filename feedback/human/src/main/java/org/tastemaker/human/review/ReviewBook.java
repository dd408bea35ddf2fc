package org.tastemaker.human.review;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the events of a review come to: who was shown what, and what is in force. */
final class ReviewBook {
  /** A person's part. */
  static final class Person {
    final Map<String, Instant> given = new HashMap<>(); // by group: when it was shown last
    final Map<String, Review> said = new LinkedHashMap<>(); // by group, in the order of the clicks
    @Nullable String open; // the group that the person looks at
  }

  private final Map<String, Person> people = new HashMap<>();
  private final Map<String, List<Review>> opinions = new HashMap<>(); // by group
  private final Set<String> clicks = new HashSet<>(); // ids: of a person, and of the click

  /** Takes an event in. Events that do not fit, as after damage, change nothing. */
  void take(ReviewEvent event) {
    if (event instanceof ReviewEvent.Given given) {
      Person person = person(given.person());
      person.given.put(given.group(), given.time());
      person.open = given.group();
    } else if (event instanceof ReviewEvent.Said said) {
      say(said.review());
    } else if (event instanceof ReviewEvent.Undone undone) {
      undo(undone);
    }
  }

  private void say(Review review) {
    Person person = person(review.person());
    if (!clicks.add(click(review.person(), review.id()))
        || person.said.putIfAbsent(review.group(), review) != null) {
      return;
    }
    if (review.isOpinion()) {
      opinions.computeIfAbsent(review.group(), group -> new ArrayList<>()).add(review);
    }
    if (review.group().equals(person.open)) {
      person.open = null;
    }
  }

  private void undo(ReviewEvent.Undone undone) {
    Person person = person(undone.person());
    if (!clicks.add(click(undone.person(), undone.id()))) {
      return;
    }
    for (Review review : List.copyOf(person.said.values())) {
      if (review.id().equals(undone.undoes())) {
        person.said.remove(review.group());
        opinions.getOrDefault(review.group(), new ArrayList<>()).remove(review);
        person.given.put(review.group(), undone.time());
        person.open = review.group();
      }
    }
  }

  Person person(String name) {
    return people.computeIfAbsent(name, unused -> new Person());
  }

  Set<String> people() {
    return people.keySet();
  }

  Collection<Person> everybody() {
    return people.values();
  }

  /** Opinions about a group that are in force. */
  List<Review> opinions(String group) {
    return opinions.getOrDefault(group, List.of());
  }

  /** Whether a click of a person was taken in before. */
  boolean isKnown(String person, String id) {
    return clicks.contains(click(person, id));
  }

  /** All that is in force, person by person in the order of the clicks. */
  List<Review> inForce() {
    return people.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .flatMap(one -> one.getValue().said.values().stream())
        .toList();
  }

  private static String click(String person, String id) {
    return person + "\n" + id;
  }
}
