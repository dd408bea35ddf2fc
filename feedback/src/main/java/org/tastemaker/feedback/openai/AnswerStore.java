package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import org.tastemaker.feedback.cache.AnswerCache;

/**
 * Where the answers of a judge are kept.
 *
 * @param replay whether no call is made, and kept answers are all that there is
 */
record AnswerStore(Path folder, boolean replay) {
  /** Makes the folder, in which the client keeps what it learns of models too. */
  void prepare(OpenAiClient.Builder client) {
    if (!replay) {
      AnswerCache.makeFolder(folder);
      client.memory(folder.resolve("capabilities.json"));
    }
  }

  AnswerCache around(ChatGptJudge judge) {
    return replay
        ? AnswerCache.replay(judge.settings(), folder)
        : AnswerCache.of(judge, judge.settings(), folder);
  }
}
