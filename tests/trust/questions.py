"""Questions, each with the one passage that answers it."""

QUESTIONS = (
    ("Which animal sleeps through the winter?", "The hedgehog hibernates under leaves from November to March."),
    ("Why does bread dough rise?", "Wild yeast makes gas that fills the dough with bubbles."),
    ("How do I close a file when an error happens?", "A with statement closes the file even if the block raises."),
    ("What do pandas eat?", "Giant pandas live almost entirely on bamboo."),
    ("Is exercise good for the heart?", "Regular training lowers the risk of cardiac disease."),
    ("What is the capital of France?", "Paris is the capital and largest city of France."),
    ("Who painted the Mona Lisa?", "Leonardo da Vinci painted the Mona Lisa around 1503."),
    ("How far away is the moon?", "The distance from the Earth to the moon is about 384,000 kilometres."),
    ("What causes tides?", "The gravity of the moon and the sun moves the oceans twice a day."),
    ("How do vaccines work?", "They train the immune system with a harmless part of a germ."),
    ("What is inflation?", "Inflation is a general increase of prices over time."),
    ("How are diamonds formed?", "Carbon under enormous pressure deep in the mantle crystallizes into gems."),
)
