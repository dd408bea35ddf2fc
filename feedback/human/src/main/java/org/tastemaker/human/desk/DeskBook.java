package org.tastemaker.human.desk;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the lines of the log come to. */
final class DeskBook implements DeskLog.Taker {
  /** A person's part. */
  static final class Person {
    final Map<String, Assignment> given = new LinkedHashMap<>(); // by its id
    final Map<String, DeskAnswer> said = new LinkedHashMap<>(); // by assignment, in order
    final Set<String> clicks = new HashSet<>();
    @Nullable Assignment open;
    @Nullable Instant seen; // when the person was last there; not in the log

    /** How often a question was handed to this person. */
    int times(String question) {
      return (int) given.values().stream().filter(a -> a.question().equals(question)).count();
    }

    /** Whether the person has said something about a question that was no check. */
    boolean hasSaid(String question) {
      return said.values().stream()
          .anyMatch(
              answer ->
                  answer.assignment().check() == Assignment.Check.NONE
                      && answer.assignment().question().equals(question));
    }

    @Nullable DeskAnswer last() {
      DeskAnswer last = null;
      for (DeskAnswer answer : said.values()) {
        last = answer;
      }
      return last;
    }
  }

  private final Map<String, Person> people = new TreeMap<>();
  private final Map<String, List<DeskAnswer>> answers = new HashMap<>(); // that count, by question

  Person person(String name) {
    return people.computeIfAbsent(name, unused -> new Person());
  }

  Map<String, Person> people() {
    return people;
  }

  List<DeskAnswer> answers(String question) {
    return answers.getOrDefault(question, List.of());
  }

  @Override
  public void given(Assignment assignment) {
    Person person = person(assignment.person());
    person.given.put(assignment.id(), assignment);
    person.open = assignment;
  }

  @Override
  public void answered(DeskAnswer answer) {
    Assignment assignment = answer.assignment();
    Person person = person(assignment.person());
    if (!person.clicks.add(answer.id())
        || person.said.putIfAbsent(assignment.id(), answer) != null) {
      return;
    }
    if (answer.counts()) {
      answers.computeIfAbsent(assignment.question(), id -> new ArrayList<>()).add(answer);
    }
    if (person.open != null && person.open.id().equals(assignment.id())) {
      person.open = null;
    }
  }

  @Override
  public void undone(String name, String id, String undoes) {
    Person person = person(name);
    if (!person.clicks.add(id)) {
      return;
    }
    for (DeskAnswer answer : List.copyOf(person.said.values())) {
      if (answer.id().equals(undoes)) {
        person.said.remove(answer.assignment().id());
        answers.getOrDefault(answer.assignment().question(), new ArrayList<>()).remove(answer);
        person.open = answer.assignment();
      }
    }
  }
}
