package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import okhttp3.MediaType;
import okhttp3.MultipartBody;
import okhttp3.RequestBody;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.feedback.FeedbackException;

/** The calls of the Batch API. None of them costs anything: what a batch's lines do. */
final class BatchCalls {
  private static final Logger LOG = LoggerFactory.getLogger(BatchCalls.class);
  private static final MediaType JSON_LINES = MediaType.get("application/jsonl");
  private static final MediaType TEXT = MediaType.get("text/plain");
  private static final int PAGE = 100;
  private static final int MOST_PAGES = 100;

  private final PaidCalls calls;
  private final AnswerJson json;
  private final OpenAiService service;

  BatchCalls(PaidCalls calls, AnswerJson json, BatchOptions options) {
    this.calls = calls;
    this.json = json;
    this.service = calls.files(options.mostAnswerBytes(), options.transfer());
  }

  /** Uploads the lines of a batch; gives the file's id. A second copy would do no harm. */
  String upload(Path file, String name) {
    byte[] answer =
        calls.unpaid(
            "the upload of a batch's file",
            true,
            () ->
                service.upload(
                    RequestBody.create("batch", TEXT),
                    MultipartBody.Part.createFormData(
                        "file", name + ".jsonl", RequestBody.create(file.toFile(), JSON_LINES))));
    return id(read(BatchWire.Uploaded.class, answer).id(), "the uploaded file");
  }

  /**
   * Has a batch made.
   *
   * @return empty if it may have been made and nobody says so
   */
  Optional<BatchWire.Batch> create(String file, String endpoint, String name) {
    BatchWire.Create request =
        new BatchWire.Create(file, endpoint, "24h", Map.of(BatchWire.NAME, name));
    try {
      byte[] answer = calls.unpaid("a new batch", false, () -> service.createBatch(request));
      BatchWire.Batch made = json.read(BatchWire.Batch.class, answer);
      return made.id() == null ? Optional.empty() : Optional.of(made);
    } catch (FeedbackException.TransportFailed | JsonDataException e) {
      LOG.warn("nobody knows whether a batch was made: {}", e.getMessage());
      return Optional.empty();
    }
  }

  BatchWire.Batch get(String id) {
    return read(
        BatchWire.Batch.class,
        calls.unpaid("the state of a batch", true, () -> service.batch(id, Signed.YES)));
  }

  /** The batch that was made by a name. */
  Optional<BatchWire.Batch> find(String name) {
    @Nullable String after = null;
    for (int page = 0; page < MOST_PAGES; page++) {
      @Nullable String last = after;
      BatchWire.Page read =
          read(
              BatchWire.Page.class,
              calls.unpaid(
                  "the list of batches", true, () -> service.batches(PAGE, last, Signed.YES)));
      List<BatchWire.Batch> batches = Wire.whole(read.data());
      for (BatchWire.Batch batch : batches) {
        if (batch.name().equals(name)) {
          return Optional.of(batch);
        }
      }
      after = batches.isEmpty() ? null : batches.get(batches.size() - 1).id();
      if (after == null || !Boolean.TRUE.equals(read.more())) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** Fetches a file as a whole; what is at the target before is replaced. */
  void fetch(String id, Path target) {
    AtomicFiles.write(
        target,
        calls.unpaid(
            "the download of a batch's answers", true, () -> service.content(id, Signed.YES)));
  }

  void cancel(String id) {
    calls.unpaid("the end of a batch", true, () -> service.cancelBatch(id));
  }

  /** Deletes a file at the server, if it can. */
  void delete(@Nullable String id) {
    if (id == null) {
      return;
    }
    try {
      calls.unpaid(
          "the deletion of a batch's file", true, () -> service.deleteFile(id, Signed.YES));
    } catch (FeedbackException e) {
      LOG.warn("the file {} stays at the server: {}", id, e.getMessage());
    }
  }

  /** A line of a batch's file, or what is not one. */
  BatchWire.Result line(byte[] text) {
    return json.read(BatchWire.Result.class, text);
  }

  private <T> T read(Class<T> form, byte[] answer) {
    try {
      return json.read(form, answer);
    } catch (JsonDataException e) {
      throw new FeedbackException.TransportFailed(
          "the server's answer about a batch cannot be read: " + e.getMessage(), e, false);
    }
  }

  static String id(@Nullable String id, String of) {
    if (id == null || id.isBlank()) {
      throw new FeedbackException.TransportFailed(
          "the server has given no id for " + of + "; does it have a Batch API?", null, false);
    }
    return id;
  }
}
