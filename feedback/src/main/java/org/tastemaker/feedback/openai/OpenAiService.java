package org.tastemaker.feedback.openai;

import okhttp3.ResponseBody;
import retrofit2.Call;
import retrofit2.http.Body;
import retrofit2.http.GET;
import retrofit2.http.POST;
import retrofit2.http.Url;

/**
 * The parts of the API that are used. Answers come as bytes, which {@link AnswerJson} reads. Paths
 * are relative to the base URL, which ends in a slash.
 */
interface OpenAiService {
  @POST("chat/completions")
  Call<ResponseBody> chat(@Body ChatWire.Request request);

  @POST("responses")
  Call<ResponseBody> respond(@Body ResponsesWire.Request request);

  @POST("images/generations")
  Call<ResponseBody> generate(@Body ImagesWire.Request request);

  /** Fetches a file that an answer points to, which may be anywhere: goes without the key. */
  @GET
  Call<ResponseBody> download(@Url String url);
}
