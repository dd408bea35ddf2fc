package org.tastemaker.human.desk;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Asks questions that two people answer, and says which clicks were acknowledged. */
final class DeskProgram {
  private DeskProgram() {}

  public static void main(String[] arguments) throws Exception {
    int questions = Integer.parseInt(arguments[1]);
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try (Desk desk = People.desk(Path.of(arguments[0]), 1)) {
      List<Future<List<DeskAnswer>>> asked = new ArrayList<>();
      for (int i = 0; i < questions; i++) {
        DeskQuestion question = People.question("q" + i, 2);
        asked.add(threads.submit(() -> desk.ask(question, Duration.ofMinutes(1))));
      }
      for (String person : List.of("ann", "bob")) {
        Thread thread = new Thread(() -> answer(desk, person));
        thread.setDaemon(true);
        thread.start();
      }
      for (Future<List<DeskAnswer>> one : asked) {
        if (one.get().size() != 1) {
          throw new IllegalStateException("one answer was expected, but there are " + one.get());
        }
      }
      System.out.println("done");
      System.out.flush();
      Runtime.getRuntime().halt(0);
    }
  }

  private static void answer(Desk desk, String person) {
    while (true) {
      Desk.Shown shown = desk.standing(person).shown().orElse(null);
      if (shown != null) {
        String id = shown.assignment().id();
        desk.answer(person, "c" + id, id, DeskAnswer.Kind.RANKED, People.brightest(shown), 100);
        System.out.println("acknowledged c" + id);
        System.out.flush();
      }
    }
  }
}
