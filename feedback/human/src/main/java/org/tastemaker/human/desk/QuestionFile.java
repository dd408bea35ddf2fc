package org.tastemaker.human.desk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.LineLog;
import org.tastemaker.feedback.annotate.ImageFolder;
import org.tastemaker.feedback.protocol.GroupId;

/**
 * What was asked, beside the answers: a line each, and the images in a folder, so that votes can be
 * read without the program that asked.
 */
final class QuestionFile implements AutoCloseable {
  private final LineLog log;
  private final Path images;
  private final Set<String> kept = new HashSet<>();

  private QuestionFile(LineLog log, Path images) {
    this.log = log;
    this.images = images;
  }

  static QuestionFile open(Path answers) {
    Path images = images(answers);
    try {
      Files.createDirectories(images);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create " + images + ": " + e.getMessage(), e);
    }
    QuestionFile file = new QuestionFile(LineLog.open(file(answers)), images);
    read(answers).forEach(question -> file.kept.add(question.id()));
    return file;
  }

  /** Beside the answers: {@code a.jsonl} has {@code a.questions.jsonl}. */
  static Path file(Path answers) {
    String name = String.valueOf(answers.getFileName());
    String stem = name.endsWith(".jsonl") ? name.substring(0, name.length() - 6) : name;
    return answers.resolveSibling(stem + ".questions.jsonl");
  }

  static Path images(Path answers) {
    return answers.resolveSibling("images");
  }

  /** What was kept; lines that cannot be read are left out, since their question is asked again. */
  static List<AskedQuestion> read(Path answers) {
    List<AskedQuestion> questions = new ArrayList<>();
    for (String line : LineLog.read(file(answers)).lines()) {
      try {
        JsonObject json = Json.parseObject(line, "a line of questions");
        questions.add(
            new AskedQuestion(
                json.text("question"),
                json.text("group"),
                new Prompt(
                    json.text("prompt"), json.text("negative"), json.object("facts").toTexts()),
                json.texts("images"),
                json.text("task")));
      } catch (RuntimeException e) {
        // whatever a damaged disk or another program has left
      }
    }
    return questions;
  }

  /** The images are there before the line, and the line before anybody is asked. */
  void keep(DeskQuestion question) {
    synchronized (this) {
      if (kept.contains(question.id())) {
        return;
      }
    }
    List<String> hashes = new ArrayList<>();
    for (Image image : question.group().images()) {
      String hash = image.sha256();
      ImageFolder.save(images, image, hash);
      hashes.add(hash);
    }
    Prompt prompt = question.group().prompt();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("question", question.id());
    json.put("group", GroupId.of(question.group()));
    json.put("prompt", prompt.text());
    json.put("negative", prompt.negativeText());
    json.put("facts", prompt.metadata());
    json.put("images", hashes);
    json.put("task", question.task());
    synchronized (this) {
      if (kept.add(question.id())) {
        log.append(Json.write(json));
      }
    }
  }

  @Override
  public void close() {
    log.close();
  }
}
