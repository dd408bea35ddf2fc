package org.tastemaker.feedback.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.run.OwnerLock;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Question;

/**
 * The files of answers.
 *
 * <pre>
 *   3f/3f07....json           an answer
 *   3f/3f07....json.damaged   what was no answer
 *   .asking/3f07....tmp       space for an answer to come
 *   .lock                     a part of it is locked while a question is asked
 * </pre>
 */
final class AnswerFolder {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerFolder.class);
  private static final int USUAL_BYTES = 1 << 14;

  private final Path folder;
  private final Map<String, String> unkept = new ConcurrentHashMap<>();

  AnswerFolder(Path folder) {
    this.folder = folder;
  }

  Path file(String key) {
    return folder.resolve(key.substring(0, 2)).resolve(key + ".json");
  }

  /** The right to ask a question; empty while somebody else has it, in whatever process. */
  Optional<OwnerLock> claim(String key) {
    return OwnerLock.tryTake(folder.resolve(".lock"), Long.parseUnsignedLong(key, 0, 16, 16));
  }

  /**
   * Makes sure that an answer can be kept.
   *
   * @param longest about how many bytes the question adds to the answer's file
   * @throws UncheckedIOException if it cannot, nor what was answered before
   */
  AnswerSpace reserve(String key, int longest) {
    unkept.forEach(this::keepNow);
    return AnswerSpace.reserve(asking(key), file(key), USUAL_BYTES + longest);
  }

  private void keepNow(String key, String text) {
    Optional<OwnerLock> turn = claim(key);
    if (turn.isPresent()) {
      try (AnswerSpace space = AnswerSpace.reserve(asking(key), file(key), 4 * text.length())) {
        space.keep(text);
        unkept.remove(key);
      } finally {
        turn.get().close();
      }
    }
  }

  /** Keeps an answer; in memory, if the disk has filled up since its space was reserved. */
  void keep(String key, AnswerSpace space, String text) {
    try {
      space.keep(text);
    } catch (UncheckedIOException e) {
      LOG.warn("{}; nothing more is asked before it is kept", e.getMessage());
      unkept.put(key, text);
    }
  }

  /** An answer and what may be wrong with its file. */
  record Found(@Nullable CachedAnswer answer, @Nullable String damage) {
    private static final Found NOTHING = new Found(null, null);
  }

  Found find(String key, Question question) {
    try {
      String text = unkept.get(key);
      if (text == null) {
        Path file = file(key);
        if (!Files.exists(file)) {
          return Found.NOTHING;
        }
        text = Files.readString(file);
      }
      return new Found(CachedAnswer.fromJson(text).requireFits(question), null);
    } catch (NoSuchFileException e) {
      return Found.NOTHING; // somebody has just set it aside
    } catch (CharacterCodingException e) {
      return new Found(null, "it is not UTF-8");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the cached answer " + file(key), e);
    } catch (IllegalArgumentException | FeedbackException.MalformedVerdict e) {
      return new Found(null, String.valueOf(e.getMessage()));
    }
  }

  void setAside(String key, String why) {
    Path file = file(key);
    Path aside = file.resolveSibling(file.getFileName() + ".damaged");
    LOG.warn("the cached answer {} is damaged and was moved to {}: {}", file, aside, why);
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (NoSuchFileException e) {
      // somebody else has done it
    } catch (IOException e) {
      throw new UncheckedIOException("cannot move the damaged answer " + file + " aside", e);
    }
  }

  /** Removes the space that killed processes had reserved. */
  void removeLeftovers() {
    Path asking = folder.resolve(".asking");
    if (!Files.isDirectory(asking)) {
      return;
    }
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(asking, "*.tmp")) {
      for (Path leftover : leftovers) {
        String key = leftover.getFileName().toString().replace(".tmp", "");
        Optional<OwnerLock> nobody = key.matches("[0-9a-f]{64}") ? claim(key) : Optional.empty();
        if (nobody.isPresent()) {
          Files.deleteIfExists(leftover);
          nobody.get().close();
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      LOG.warn("what killed processes have left in {} stays: {}", asking, e.toString());
    }
  }

  private Path asking(String key) {
    return folder.resolve(".asking").resolve(key + ".tmp");
  }
}
