import { agesModel } from "./model_ages.js";
import { limitModel } from "./model_limit.js";
import { reuseModel } from "./model_reuse.js";
import { samplerSideModel } from "./model_sampler_side.js";
import { scheduleModel } from "./model_schedule.js";
import { spectrumModel } from "./model_spectrum.js";

// Each model: (constants, parameters) -> { artist name: array, number, string or null, ..., status: one line of text }.
export const MODELS = {
  limit: limitModel,
  ages: agesModel,
  spectrum: spectrumModel,
  schedule: scheduleModel,
  sampler_side: samplerSideModel,
  reuse: reuseModel,
};
