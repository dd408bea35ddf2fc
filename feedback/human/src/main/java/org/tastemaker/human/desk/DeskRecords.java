package org.tastemaker.human.desk;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a desk has kept, read without opening it: also while it is open elsewhere.
 *
 * @param questions that were asked, in order; each once
 * @param answers in force, those to checks and skipped questions too: by person, in their order
 * @param images the folder with the questions' images
 */
public record DeskRecords(List<AskedQuestion> questions, List<DeskAnswer> answers, Path images) {
  public DeskRecords {
    questions = List.copyOf(questions);
    answers = List.copyOf(answers);
  }

  /**
   * Reads a desk's files.
   *
   * @param log the file that the desk was opened with
   * @return what they hold; nothing where the file is not there
   * @throws java.io.UncheckedIOException if they cannot be read
   * @throws IllegalStateException if the file is something else
   */
  public static DeskRecords read(Path log) {
    DeskBook book = new DeskBook();
    long unused = DeskLog.read(log, book);
    List<DeskAnswer> answers = new ArrayList<>();
    book.people().values().forEach(person -> answers.addAll(person.said.values()));
    return new DeskRecords(QuestionFile.read(log), answers, QuestionFile.images(log));
  }
}
