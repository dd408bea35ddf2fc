package org.tastemaker.feedback.openai;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.PrivateFiles;
import org.tastemaker.feedback.FeedbackException;

/**
 * Writes questions to the files of batches, and begins another batch where one is full. A batch is
 * there as a whole, by a rename, or not at all. Thread-safe.
 */
final class BatchWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchWriter.class);

  private final BatchFolder folder;
  private final ChatGptJudge.Options asked;
  private final BatchOptions limits;
  private final Clock clock;
  private final Set<String> noted = new HashSet<>();
  private @Nullable Open open;
  private final List<BatchPart> finished = new ArrayList<>();
  private boolean kept;
  private int written;

  BatchWriter(BatchFolder folder, ChatGptJudge.Options asked, BatchOptions limits, Clock clock) {
    this.folder = folder;
    this.asked = asked;
    this.limits = limits;
    this.clock = clock;
  }

  /** A batch that is being written. */
  private static final class Open {
    private final Path temporary;
    private final FileChannel requestsFile;
    private final OutputStream requests;
    private final StringBuilder keys = new StringBuilder();
    private final String can;
    private Usage estimate = Usage.NONE;
    private long bytes;

    Open(Path temporary, String can) throws IOException {
      this.temporary = temporary;
      this.can = can;
      PrivateFiles.createFolder(temporary);
      this.requestsFile =
          PrivateFiles.open(
              temporary.resolve("requests.jsonl"),
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE);
      this.requests = new BufferedOutputStream(Channels.newOutputStream(requestsFile), 1 << 16);
    }
  }

  /** How many questions were noted. */
  synchronized int noted() {
    return noted.size();
  }

  /**
   * Notes a question, once.
   *
   * @param body of its request
   * @param can what the request goes by
   */
  synchronized void note(String key, String body, String can, Usage estimate) {
    if (!noted.add(key)) {
      return;
    }
    byte[] line =
        ("{\"custom_id\":\""
                + key
                + "\",\"method\":\"POST\",\"url\":\""
                + asked.wireFormat().endpoint()
                + "\",\"body\":"
                + body
                + "}\n")
            .getBytes(StandardCharsets.UTF_8);
    if (line.length > limits.mostBytes()) {
      throw new FeedbackException.InvalidRequest(
          "a question has "
              + line.length
              + " bytes, and the file of a batch at most "
              + limits.mostBytes()
              + "; show smaller images, or JPEG",
          false);
    }
    try {
      Open now = open;
      if (now != null
          && (now.bytes + line.length > limits.mostBytes()
              || now.estimate.requests() >= limits.mostRequests()
              || !now.can.equals(can))) {
        finish();
        now = null;
      }
      if (now == null) {
        now = new Open(folder.folder().resolve(".part-" + written++ + ".tmp"), can);
        open = now;
      }
      now.requests.write(line);
      now.bytes += line.length;
      now.estimate = now.estimate.plus(estimate);
      now.keys
          .append(key)
          .append(' ')
          .append(estimate.inputTokens())
          .append(' ')
          .append(estimate.outputTokens())
          .append('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(
          "a batch cannot be written in " + folder.folder() + ", so nothing of it was sent: " + e,
          e);
    }
  }

  /** Makes all that was noted batches. */
  synchronized void keep() {
    finish();
    kept = true;
  }

  /** Forgets what was noted, unless it was made batches. */
  @Override
  public synchronized void close() {
    Open rest = open;
    open = null;
    try {
      if (rest != null) {
        rest.requests.close();
        AtomicFiles.deleteRecursively(rest.temporary);
      }
    } catch (IOException e) {
      LOG.warn("{} stays until the next run: {}", rest.temporary, e.getMessage());
    }
    if (!kept) {
      finished.forEach(folder::remove);
    }
  }

  private void finish() {
    Open done = open;
    if (done == null) {
      return;
    }
    open = null;
    // Never used for another batch, in whatever process: the ledger and the server find it by this.
    String once = UUID.randomUUID().toString().substring(0, 18);
    String name = "tm-" + clock.millis() + "-" + once;
    try {
      done.requests.flush();
      done.requestsFile.force(true);
      done.requests.close();
      Files.writeString(done.temporary.resolve("keys.txt"), done.keys);
      BatchPart.write(done.temporary, BatchPart.written(name, asked, done.can, done.estimate));
      Path target = folder.folder().resolve(name);
      Files.move(done.temporary, target, StandardCopyOption.ATOMIC_MOVE);
      BatchPart part = BatchPart.open(target);
      folder.add(part);
      finished.add(part);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "a batch cannot be written in " + folder.folder() + ", so nothing of it was sent: " + e,
          e);
    }
  }
}
