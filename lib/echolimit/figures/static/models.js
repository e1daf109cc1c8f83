import { agesModel } from "./model_ages.js";
import { forgettingModel } from "./model_forgetting.js";
import { imageGridModel } from "./model_image_grid.js";
import { genealogyModel } from "./model_genealogy.js";
import { learnedModel } from "./model_learned.js";
import { limitModel } from "./model_limit.js";
import { noisingModel } from "./model_noising.js";
import { regimesModel } from "./model_regimes.js";
import { playgroundModel } from "./model_playground.js";
import { openPlayground } from "./playground.js";
import { reuseModel } from "./model_reuse.js";
import { samplerSideModel } from "./model_sampler_side.js";
import { scheduleModel } from "./model_schedule.js";
import { spectrumModel } from "./model_spectrum.js";

// Each model: (constants, parameters) -> { artist name: array, number, string or null, ..., status: one line of text }.
export const MODELS = {
  noising: noisingModel,
  genealogy: genealogyModel,
  learned: learnedModel,
  limit: limitModel,
  ages: agesModel,
  spectrum: spectrumModel,
  schedule: scheduleModel,
  sampler_side: samplerSideModel,
  reuse: reuseModel,
  regimes: regimesModel,
  forgetting: forgettingModel,
  image_grid: imageGridModel,
  playground: playgroundModel,
};

// What a figure does besides redrawing, once its controls stand: (figure) -> nothing.
export const EXTRAS = { playground: openPlayground };
